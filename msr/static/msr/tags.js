// Selecting many tags at once; without this script they are ticked one by one.

const form = document.getElementById("selected");
const all = document.getElementById("select-all");
const button = form?.querySelector("button");
const boxes = form ? [...form.elements].filter((one) => one.name === "tag") : [];

function count() {
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  button.disabled = ticked === 0;
  button.textContent =
    ticked === 0 ? "Delete the selected tags…" : `Delete ${ticked} tag${ticked === 1 ? "" : "s"}…`;
}

if (boxes.length) {
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  // The browser keeps what was ticked when somebody comes back to the page.
  addEventListener("pageshow", count);
  count();
}
