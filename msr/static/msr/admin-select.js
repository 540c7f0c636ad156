// Django's lookup fields say neither their name nor what they control; tell whoever
// cannot see them. Their list opens at the end of the page: name it as a part of it.

const $ = window.django?.jQuery;

function nameOf(select) {
  return select.labels[0]?.textContent.replace(/:?\s*$/, "") || "Search";
}

function tell(select) {
  const box = select.nextElementSibling?.querySelector(".select2-selection");
  if (!box) return;
  box.removeAttribute("aria-labelledby");
  box.setAttribute("aria-label", nameOf(select));
  box.setAttribute("aria-controls", `select2-${select.id}-results`);
  const shown = box.querySelector(".select2-selection__rendered");
  for (const name of ["role", "aria-readonly"]) shown?.removeAttribute(name);
}

function tellAll() {
  document.querySelectorAll("select.admin-autocomplete").forEach(tell);
}

if ($) {
  $(tellAll);
  $(document).on("select2:open", (event) => {
    tell(event.target);
    const open = document.querySelector(".select2-container--open .select2-dropdown");
    const field = open?.querySelector(".select2-search__field");
    field?.setAttribute("aria-label", `Search ${nameOf(event.target)}`);
    const around = open?.parentElement;
    around?.setAttribute("role", "region");
    around?.setAttribute("aria-label", `Choices of ${nameOf(event.target)}`);
  });
}
