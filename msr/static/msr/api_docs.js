// Swagger UI on the schema of this portal; nothing is asked of anybody else.

const place = document.getElementById("api-docs");
const { presets } = SwaggerUIBundle;

function withCookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

place.replaceChildren();
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  presets: [presets.apis],
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
  // What is tried out goes with the session, which wants Django's token.
  requestInterceptor(request) {
    const own = new URL(request.url, location.href).origin === location.origin;
    if (own) request.headers["X-CSRFToken"] = withCookie("csrftoken");
    return request;
  },
});
