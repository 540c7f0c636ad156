// Swagger UI on the schema of this portal; nothing is asked of anybody else.

const place = document.getElementById("api-docs");
const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");

// Its dark colours hang on a class; ours on the system, unless somebody chose.
function followTheme() {
  const theme = root.dataset.theme || "auto";
  const dark = theme === "dark" || (theme === "auto" && systemDark.matches);
  root.classList.toggle("dark-mode", dark);
}

// The operations alone: the page around has a title and a main part of its own, and
// who reads it is signed in.
function justOperations({ React }) {
  const layout = ({ getComponent }) => {
    const part = (name) => React.createElement(getComponent(name, true), { key: name });
    return React.createElement("div", { className: "swagger-ui" }, [part("operations")]);
  };
  return { components: { JustOperations: layout, authorizeOperationBtn: () => null } };
}

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

// What is tried out goes with the session, which wants Django's token.
function withToken(request) {
  request.headers["X-CSRFToken"] = cookie("csrftoken");
  return request;
}

followTheme();
systemDark.addEventListener("change", followTheme);
new MutationObserver(followTheme).observe(root, { attributeFilter: ["data-theme"] });

place.replaceChildren();
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  plugins: [justOperations],
  layout: "JustOperations",
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  requestInterceptor: withToken,
  validatorUrl: null,
});
