// Shows only the fields that the chosen option needs; and a filter over long lists of places.

for (const group of document.querySelectorAll("[data-shows]")) {
  const show = () => {
    const chosen = group.querySelector(":checked")?.value;
    for (const part of document.querySelectorAll(`[data-${group.dataset.shows}]`)) {
      part.hidden = !part.getAttribute(`data-${group.dataset.shows}`).split(" ").includes(chosen);
    }
  };
  group.addEventListener("change", show);
  show();
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

for (const list of document.querySelectorAll(".choices")) {
  const labels = [...list.querySelectorAll(":scope > label")];
  if (labels.length < 12) continue;
  const field = Object.assign(document.createElement("input"), { type: "search", placeholder: "Lọc theo tên", autocomplete: "off" });
  field.setAttribute("aria-label", "Lọc theo tên");
  field.addEventListener("input", () => {
    const wanted = fold(field.value);
    for (const label of labels) label.hidden = Boolean(wanted) && !fold(label.textContent).includes(wanted) && !label.querySelector(":checked");
  });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  list.prepend(field);
}
