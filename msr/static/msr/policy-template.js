// Buttons that write their text into a field, where the cursor is.

function insert(field, text) {
  const [from, to] = [field.selectionStart, field.selectionEnd];
  field.setRangeText(text, from, to, "end");
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
