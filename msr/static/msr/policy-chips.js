// Several values as chips: Enter or a comma adds one, Backspace takes the last away.

const SEPARATOR = /[\n,]+/;

function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

function split(text) {
  return text.split(SEPARATOR).map((part) => part.trim()).filter(Boolean);
}

// The list is filled with what may be meant, out of what can be seen in the source.
export function offerSuggestions(text, ask) {
  text.setAttribute("list", "suggestions");
  for (const when of ["focus", "input"]) text.addEventListener(when, ask);
}

export function chips(values, { write, ask, placeholder }) {
  const list = document.createElement("ul");
  const entry = document.createElement("input");
  Object.assign(entry, { type: "text", autocomplete: "off", spellcheck: false });
  list.className = "chips";

  // What is typed and not added yet counts as well: nothing is lost on saving.
  function tell() {
    write([...values, ...split(entry.value)].join("\n"));
    entry.placeholder = values.length ? "" : placeholder;
  }

  function show() {
    list.replaceChildren(...values.map(chip));
    list.hidden = !values.length;
  }

  function chip(value) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    item.className = "chip";
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", `Remove ${value}`);
    button.addEventListener("click", () => remove(values.indexOf(value)));
    item.append(value, button);
    return item;
  }

  function add(text) {
    const added = split(text).filter((value) => !values.includes(value));
    values.push(...added);
    entry.value = "";
    show();
    tell();
    if (added.length) announce(`${added.join(", ")} added, ${values.length} in all`);
  }

  function remove(place) {
    const [gone] = values.splice(place, 1);
    show();
    tell();
    announce(`${gone} removed, ${values.length} left`);
    const next = list.children[Math.min(place, values.length - 1)];
    (next?.querySelector("button") || entry).focus();
  }

  entry.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (["Enter", ","].includes(event.key)) {
      event.preventDefault();
      add(entry.value);
    } else if (event.key === "Backspace" && !entry.value && values.length) {
      remove(values.length - 1);
      entry.focus();
    }
  });
  list.addEventListener("keydown", (event) => {
    if (!["Backspace", "Delete"].includes(event.key)) return;
    event.preventDefault();
    event.target.click();
  });
  entry.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (!SEPARATOR.test(text)) return;
    event.preventDefault();
    add(entry.value + text);
  });
  entry.addEventListener("input", (event) => {
    // Chosen from the list of suggestions, which no key tells.
    if (event.inputType === "insertReplacementText" || SEPARATOR.test(entry.value)) add(entry.value);
    else tell();
  });
  if (ask) offerSuggestions(entry, () => ask(entry.value));
  show();
  entry.placeholder = values.length ? "" : placeholder;
  return [list, entry];
}
