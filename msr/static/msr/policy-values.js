// Ways to write the values of a criterion. All write into the one text area that is sent,
// a value a line, so that the server reads the same with and without this script.

import { chips, offerSuggestions } from "./policy-chips.js";

const COUNT = /^\d{1,9}$/;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::00)?[Zz])?$/;
const UNITS = {
  duration: { fits: /^(\d+)([mhdw])$/, names: { m: "minutes", h: "hours", d: "days", w: "weeks" }, first: "h" },
  size: { fits: /^(\d+(?:\.\d+)?) ?(kB|MB|GB|KiB|MiB|GiB)$/, names: { kB: "kB", MB: "MB", GB: "GB", KiB: "KiB", MiB: "MiB", GiB: "GiB" }, first: "MB" },
};

function input(type, attributes = {}) {
  const made = document.createElement("input");
  made.type = type;
  made.autocomplete = "off";
  made.spellcheck = false;
  return Object.assign(made, attributes);
}

function select(names, chosen) {
  const made = document.createElement("select");
  for (const [value, name] of Object.entries(names)) {
    made.add(new Option(name, value, value === chosen, value === chosen));
  }
  return made;
}

function oneLine(value, { write, ask, placeholder }) {
  const text = input("text", { value, placeholder });
  text.addEventListener("input", () => write(text.value));
  if (ask) offerSuggestions(text, () => ask(text.value));
  return [text];
}

function count(value, { write }) {
  const box = input("number", { min: "0", max: "999999999", step: "1", value });
  box.addEventListener("input", () => write(box.value));
  return [box];
}

function time(value, { write }) {
  const [, date, clock = "00:00"] = TIME.exec(value) || [];
  const box = input("datetime-local", { value: date ? `${date}T${clock}` : "" });
  box.addEventListener("input", () => write(box.value ? `${box.value}:00Z` : ""));
  const zone = document.createElement("span");
  zone.textContent = "UTC";
  return [box, zone];
}

function boolean(value, { write }) {
  const box = select({ true: "true", false: "false" }, value || "true");
  box.addEventListener("input", () => write(box.value));
  if (!value) write("true");
  return [box];
}

function measured(kind) {
  const { fits, names, first } = UNITS[kind];
  return (value, { write }) => {
    const [, amount = "", unit = first] = fits.exec(value) || [];
    const box = input("number", { min: "0", step: "any", value: amount });
    const units = select(names, unit);
    units.setAttribute("aria-label", "Unit");
    const join = () => write(box.value ? `${box.value}${units.value}` : "");
    box.addEventListener("input", join);
    units.addEventListener("input", join);
    return [box, units];
  };
}

// A way to write is used only where it can show what is written already.
const KINDS = {
  count: { make: count, shows: COUNT },
  time: { make: time, shows: TIME },
  boolean: { make: boolean, shows: /^(true|false)$/ },
  duration: { make: measured("duration"), shows: UNITS.duration.fits },
  size: { make: measured("size"), shows: UNITS.size.fits },
};

export function editorFor(area, { kind, takesMany, ask }) {
  area.parentElement.querySelector(".value-editor")?.remove();
  const editor = document.createElement("div");
  editor.className = "value-editor";
  const write = (text) => {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const lines = area.value.split("\n").filter((line) => line.trim());
  const chosen = KINDS[kind];
  const how = { write, ask, placeholder: area.placeholder };
  if (takesMany) {
    editor.append(...chips(lines, how));
  } else if (lines.length > 1) {
    area.hidden = false; // several values where one fits: the server says so
    name(area, area);
    return;
  } else {
    const value = lines[0] || "";
    const isShown = chosen && (!value || chosen.shows.test(value));
    editor.append(...(isShown ? chosen.make : oneLine)(value, how));
  }
  area.hidden = true;
  area.after(editor);
  name(editor.querySelector("input, select"), area);
}

function name(field, area) {
  if (field !== area) {
    field.id = `${area.id}_editor`;
    field.setAttribute("aria-describedby", area.getAttribute("aria-describedby"));
  }
  area.parentElement.querySelector("label").htmlFor = field.id;
}
