// Passkeys cannot be used without a script: the browser itself asks for finger, face or
// PIN. A form says what for (data-passkey) and with which options, as the server made
// them; the answer goes back in its field `credential`.

const METHODS = ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"];
const supported =
  isSecureContext && METHODS.every((name) => window.PublicKeyCredential?.[name]);

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const response = await fetch(form.action, {
    headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
  });
  if (!response.ok) throw new Error(`The portal answered ${response.status}.`);
  return (await response.json()).request_options.publicKey;
}

function create(options, form) {
  const alone = form.elements["passwordless"].checked;
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    userVerification: alone ? "required" : "preferred",
  };
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return navigator.credentials.create({ publicKey });
}

function get(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey });
}

function explain(error) {
  if (error.name === "InvalidStateError") return "This device has a passkey for this account already.";
  if (error.name === "SecurityError") return "Passkeys need the portal's name in the address, and https.";
  if (error.name === "NotAllowedError") return "Nothing was confirmed, or it took too long. Try again.";
  return `That did not work. ${error.message}`;
}

async function ask(form) {
  const said = form.querySelector("[data-passkey-error]");
  said.textContent = "";
  try {
    const options = await optionsOf(form);
    const made = await (form.dataset.passkey === "create" ? create(options, form) : get(options));
    form.elements["credential"].value = JSON.stringify(made.toJSON());
  } catch (error) {
    said.textContent = explain(error);
    return;
  }
  form.submit();
}

if (supported) {
  document.documentElement.classList.add("has-passkeys");
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  }
}
