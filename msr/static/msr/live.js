// Parts of a page that fetch themselves anew: what changed is said, and the keyboard
// stays where it was. The asking itself is htmx's.

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
const before = new Map();

function placeOf(part) {
  const found = document.activeElement;
  if (!part.contains(found) || found === part) return -1;
  return [...part.querySelectorAll(FOCUSABLE)].indexOf(found);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target;
  if (!("live" in part.dataset)) return;
  // What may pass by itself is said by portal.js, and asked again.
  const { status } = event.detail.xhr;
  if (status >= 500 || status === 429) return;
  // Another page came: the session is over, or the object is gone. Show that page.
  if (!event.detail.serverResponse.includes(`id="${part.id}"`)) {
    event.detail.shouldSwap = false;
    location.reload();
    return;
  }
  before.set(part.id, { says: part.dataset.says, place: placeOf(part) });
});

document.addEventListener("htmx:afterSettle", (event) => {
  const part = document.getElementById(event.detail.elt.id);
  const was = part && before.get(part.id);
  if (!was) return;
  before.delete(part.id);
  if (part.dataset.says && part.dataset.says !== was.says) {
    document.getElementById("announcer").textContent = part.dataset.says;
  }
  if (was.place >= 0 && !part.contains(document.activeElement)) {
    part.querySelectorAll(FOCUSABLE)[was.place]?.focus({ preventScroll: true });
  }
});
