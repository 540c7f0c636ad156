// The cards of criteria: they come and go, and offer what fits the field chosen.

import { editorFor } from "./policy-values.js";

// Form sets number their forms: give every card the number of its place.
function number(cards, form) {
  [...cards.children].forEach((card, place) => {
    for (const shown of card.querySelectorAll(".rule-number")) shown.textContent = place + 1;
    for (const element of [card, ...card.querySelectorAll("[name], [id], [for]")]) {
      for (const attribute of ["name", "id", "for", "aria-describedby"]) {
        const value = element.getAttribute(attribute);
        if (value) {
          const placed = value.replace(/rules-(\d+|__prefix__)(?=-|$)/g, `rules-${place}`);
          element.setAttribute(attribute, placed);
        }
      }
      if (element.name === "remove_rule") element.value = place;
    }
  });
  form.elements["rules-TOTAL_FORMS"].value = cards.children.length;
}

function part(card, name) {
  return card.querySelector(`[name$="-${name}"]`);
}

// Only what can be chosen is offered: `hidden` alone is not enough for every browser.
function offer(select, fits) {
  for (const option of select.options) option.hidden = option.disabled = !fits(option.value);
}

// Offer the comparisons that fit the field, and a way to write its values.
function fitRule(card, suggest) {
  const [operator, values] = [part(card, "operator"), part(card, "values")];
  const chosen = part(card, "field").selectedOptions[0].dataset;
  const fitting = chosen.operators.split(" ");
  offer(operator, (value) => fitting.includes(value));
  if (!fitting.includes(operator.value)) operator.value = fitting[0];
  card.querySelector(".hint").textContent = chosen.hint;
  values.placeholder = chosen.example;
  const takesMany = ["oo", "noo"].includes(operator.value);
  const isText = operator.value === "matches" || takesMany;
  const kind = isText ? "text" : chosen.kind;
  const field = part(card, "field").value;
  const ask = "suggested" in chosen ? (typed) => suggest(field, typed) : null;
  editorFor(values, { kind, takesMany, ask, operator: operator.value });
}

// A group more than those in use is offered, not twenty.
function fitGroups(cards) {
  const selects = [...cards.querySelectorAll('[name$="-group"]')];
  const used = new Set(selects.map((select) => select.value));
  for (const select of selects) {
    const free = [...select.options].find((option) => !used.has(option.value));
    offer(select, (value) => used.has(value) || value === free?.value || value === "");
  }
}

export function editRules(form, { suggest, cardsChanged }) {
  const cards = document.getElementById("rules");
  const template = document.getElementById("rule-card");

  function add() {
    cards.append(template.content.cloneNode(true));
    number(cards, form);
    const card = cards.lastElementChild;
    fitRule(card, suggest);
    fitGroups(cards);
    cardsChanged();
    part(card, "field").focus();
  }

  function remove(card) {
    const next = card.nextElementSibling || card.previousElementSibling;
    card.remove();
    number(cards, form);
    fitGroups(cards);
    cardsChanged();
    (next?.querySelector('[name="remove_rule"]') || form.elements["add_rule"]).focus();
  }

  form.addEventListener("change", (event) => {
    const name = event.target.name || "";
    if (!name.startsWith("rules-")) return;
    if (name.endsWith("-group")) fitGroups(cards);
    else if (/-(field|operator)$/.test(name)) fitRule(event.target.closest(".rule"), suggest);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.name === "add_rule") {
      event.preventDefault();
      add();
    } else if (button?.name === "remove_rule") {
      event.preventDefault();
      remove(button.closest(".rule"));
    }
  });
  [...cards.children].forEach((card) => fitRule(card, suggest));
  fitGroups(cards);
}
