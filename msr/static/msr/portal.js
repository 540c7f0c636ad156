// Everything here is comfort: each page works without this script.

const THEMES = ["auto", "light", "dark"];
const YEAR = 31536000;

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    announce("The browser does not allow copying here; select the text instead.");
    return;
  }
  button.classList.add("is-done");
  announce("Copied");
  setTimeout(() => button.classList.remove("is-done"), 1500);
}

function showTheme(button, theme) {
  button.setAttribute("aria-label", `Colours: ${theme}. Switch`);
  button.title = `Colours: ${theme}`;
}

function switchTheme(button) {
  const root = document.documentElement;
  const now = root.dataset.theme || "auto";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  root.dataset.theme = next;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${next}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  showTheme(button, next);
  announce(`Colours: ${next}`);
}

// "3 hours ago" is quicker to read than a date; the date stays in the title.
const UNITS = [["minute", 60], ["hour", 3600], ["day", 86400]];
const NEAR = 30 * 86400;
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function tellAge(time) {
  const age = (Date.now() - new Date(time.dateTime)) / 1000;
  if (age > NEAR || age < -60) return;
  const [unit, seconds] = UNITS.findLast(([, seconds]) => age >= seconds) || ["now", 1];
  time.textContent =
    unit === "now" ? "just now" : words.format(-Math.floor(age / seconds), unit);
}

function tellAges(part) {
  part.querySelectorAll("time:not(.exact)").forEach(tellAge);
}

tellAges(document);

// What htmx puts into the page is treated like the rest of it; nobody is asked for a
// page that nobody looks at.
document.addEventListener("htmx:load", (event) => tellAges(event.detail.elt));
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && "live" in event.detail.elt.dataset) event.preventDefault();
});

// On a narrow screen the bar of tabs scrolls: show the one that is open.
const open = document.querySelector(".tabs [aria-current]");
open?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });

// What went wrong with a request of the page itself is said once, however often a part
// that asks by itself meets it, and taken back when an answer comes again.
const SENTENCE_LENGTH = 300;

function toast(sentence) {
  const toasts = document.getElementById("toasts");
  const said = [...toasts.querySelectorAll("p")].map((one) => one.textContent);
  if (said.includes(sentence)) return;
  const made = document.getElementById("toast").content.cloneNode(true);
  made.querySelector("p").textContent = sentence;
  toasts.append(made);
}

function reasonOf(request) {
  const type = request.getResponseHeader("Content-Type") ?? "";
  if (type.startsWith("text/plain")) return request.responseText.slice(0, SENTENCE_LENGTH);
  return `The portal answered with an error (${request.status}). Reload the page.`;
}

document.addEventListener("htmx:responseError", (event) => toast(reasonOf(event.detail.xhr)));
document.addEventListener("htmx:sendError", () =>
  toast("The portal does not answer. Check the network; then reload the page."),
);
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) document.getElementById("toasts").replaceChildren();
});
document.addEventListener("click", (event) => {
  if (event.target.closest(".toast [data-close]")) event.target.closest(".toast").remove();
});

// A link to a question shows the form of that page in a dialog. Whatever is unusual, and
// what comes back with errors, is shown on the page itself.
const dialog = document.getElementById("dialog");

async function questionOf(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok || answer.redirected) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("main form.card");
}

async function ask(link) {
  const form = await questionOf(link.href);
  if (!form) {
    location.assign(link.href);
    return;
  }
  if (!form.hasAttribute("action")) form.action = link.href;
  form.querySelector("h2").id = "dialog-question";
  dialog.setAttribute("aria-labelledby", "dialog-question");
  dialog.replaceChildren(form);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask(link);
});
dialog.addEventListener("click", (event) => {
  if (event.target.closest(".submit a")) {
    event.preventDefault();
    dialog.close();
  }
});
dialog.addEventListener("close", () => dialog.replaceChildren());

// A form goes out once, however often its button is pressed; coming back to the page
// makes it usable again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if ("sent" in form.dataset) event.preventDefault();
  form.dataset.sent = "";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) copy(button);
});

// "/" goes to the search of the bar, except while somebody is writing.
document.addEventListener("keydown", (event) => {
  const writing = "input, textarea, select, [contenteditable]";
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.(writing)) return;
  const box = document.querySelector(".bar-search input");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

const themeButton = document.getElementById("theme");
themeButton.addEventListener("click", () => switchTheme(themeButton));
showTheme(themeButton, document.documentElement.dataset.theme || "auto");
themeButton.hidden = false;

if (navigator.clipboard) document.documentElement.classList.add("can-copy");
