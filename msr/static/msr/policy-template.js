// Buttons that write their text into a field, where the cursor is.

// What is selected stays: who comes with the Tab key has selected everything.
function insert(field, text) {
  field.setRangeText(text, field.selectionEnd, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function editTemplate(form) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-into]");
    if (!button) return;
    event.preventDefault();
    insert(document.getElementById(button.dataset.into), button.value);
  });
}
