// The form of a policy, made quicker to fill in; every button works without it.

import { editRules } from "./policy-rules.js";
import { editTemplate } from "./policy-template.js";

const form = document.getElementById("policy-form");
const checker = document.getElementById("checker");
const suggester = document.getElementById("suggester");

// Which parts of the page the checker's answer is put into: those of the cards there are.
const ALWAYS = [
  "id_source_pattern_says",
  "id_target_says",
  "id_tag_template_says",
  "id_zone_says",
  "template-preview",
  "template-codes",
];

function tellParts() {
  const cards = [...form.querySelectorAll(".rule .says")].map((says) => says.id);
  const there = [...ALWAYS, ...cards].filter((id) => document.getElementById(id));
  const parts = there.map((id) => `#${id}:innerHTML`).join(",");
  checker.setAttribute("hx-select-oob", parts);
}

// What was asked about cards that have moved since must not come to the wrong one.
function cardsChanged() {
  htmx.trigger(checker, "htmx:abort");
  tellParts();
  form.dispatchEvent(new Event("cards"));
}

// Parts that are as they were are left alone: nothing is announced twice, and no button
// is taken from under the keyboard.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const same = target.innerHTML === fragment.innerHTML;
  const isUsed = target.contains(document.activeElement);
  if (same || (isUsed && target.id === "template-codes")) event.detail.shouldSwap = false;
});

// A field is wrong as long as a sentence beside it says so.
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt === checker) markWrong();
});

function markWrong() {
  for (const says of form.querySelectorAll(".says")) {
    const isWrong = Boolean(says.querySelector(".errors"));
    for (const field of fieldsOf(says)) {
      if (isWrong) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }
}

function fieldsOf(says) {
  const described = [...form.querySelectorAll(`[aria-describedby~="${says.id}"]`)];
  return described.filter((field) => "value" in field);
}

// --- Suggestions ------------------------------------------------------------------------

// Ask for what may be meant; the answer is the list that the text field offers.
function suggest(asked, typed) {
  suggester.setAttribute("hx-vals", JSON.stringify({ live: "", suggest: asked, typed }));
  htmx.trigger(suggester, "suggest");
}

const target = form.elements.target;
for (const when of ["focus", "input"]) {
  target.addEventListener(when, () => suggest("target", target.value));
}

// --- Nothing typed is lost --------------------------------------------------------------

const written = () => new URLSearchParams(new FormData(form)).toString();
let saved = "";
let isLeaving = false;

function isUnsaved() {
  return !isLeaving && ("unsaved" in form.dataset || written() !== saved);
}

addEventListener("beforeunload", (event) => {
  if (isUnsaved()) event.preventDefault();
});
form.addEventListener("submit", () => {
  isLeaving = true;
});
addEventListener("pageshow", () => {
  isLeaving = false;
});

// --- The summary of what is wrong -------------------------------------------------------

const mistakes = document.getElementById("mistakes");
if (mistakes) mistakes.focus();
mistakes?.addEventListener("click", (event) => {
  const id = event.target.closest("a")?.hash.slice(1);
  if (!id) return;
  event.preventDefault();
  (document.getElementById(`${id}_editor`) || document.getElementById(id)).focus();
});

// An answer about what the form said before is shown as that.
form.addEventListener("input", (event) => {
  if (event.target.name === "sample") return;
  document.getElementById("replay-answer").dataset.stale = "";
});
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id === "replay-answer") delete event.detail.target.dataset.stale;
});

editRules(form, { suggest, cardsChanged });
editTemplate(form);
tellParts();
markWrong();
saved = written();
