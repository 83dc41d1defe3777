// Held for two seconds, then sent; let go before, and nothing has happened.

const HOLD_MS = 2000;

for (const button of document.querySelectorAll("[data-hold]")) {
  const form = button.closest("form");
  const label = button.querySelector("span");
  const words = label.lastChild.textContent;
  let timer = 0;
  button.hidden = false;
  const begin = (event) => {
    if (timer || button.disabled || (event.button ?? 0) !== 0) return;
    if (event.pointerId !== undefined) button.setPointerCapture(event.pointerId);
    event.preventDefault();
    button.classList.add("holding");
    label.lastChild.textContent = "Giữ tiếp…";
    navigator.vibrate?.(30);
    timer = setTimeout(() => {
      timer = 0;
      label.lastChild.textContent = "Đang gửi…";
      navigator.vibrate?.([60, 40, 60]);
      form.elements.held.value = "2s";
      button.disabled = true;
      form.submit();
    }, HOLD_MS);
  };
  const end = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    button.classList.remove("holding");
    label.lastChild.textContent = words;
  };
  button.addEventListener("pointerdown", begin);
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(kind, end);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
