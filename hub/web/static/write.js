// The page on which a bulletin is written: saved as one types, shown as it will be spoken, heard as it will be sent.

import { post } from "./loa.js";

const form = document.getElementById("write");
const text = document.getElementById("f-text");
const title = document.getElementById("f-title");
const spoken = document.getElementById("spoken");
const saved = document.getElementById("saved");
const listen = document.querySelector(".listen");
const SAVE_AFTER_MS = 1200; // a pause in typing, not every letter
const READ_AFTER_MS = 500;
const autosave = form.dataset.autosave === "yes";

const kept = () => `loa:draft:${form.dataset.id || "new"}`;
const fields = () => new URLSearchParams(new FormData(form));
const mark = (data) => { const f = new URLSearchParams(data); f.delete("revision"); f.delete("csrf"); return f.toString(); };
let last = mark(fields());
let saving = null;

document.querySelector(".only-script")?.removeAttribute("hidden");

function tell(words, trouble = false) {
  saved.textContent = words;
  saved.classList.toggle("trouble", trouble);
}

async function save() {
  if (saving) { await saving; }
  const now = fields();
  if (mark(now) === last || !title.value.trim()) return Boolean(form.dataset.id);
  saving = (async () => {
    tell("Đang lưu…");
    const known = form.dataset.id;
    const said = await post(known ? `/ban-tin/${known}` : "/ban-tin/moi", now);
    last = mark(now);
    localStorage.removeItem(kept());
    form.elements.revision.value = said.revision;
    if (!known) {
      form.dataset.id = said.id;
      form.action = `/ban-tin/${said.id}`;
      history.replaceState(null, "", `/ban-tin/${said.id}`);
    }
    listen.dataset.listen = `/ban-tin/${said.id}/nghe?ban=${said.version}`;
    tell(`Đã lưu lúc ${said.saved_at}.`);
  })();
  try {
    await saving;
    return true;
  } catch (problem) {
    try { localStorage.setItem(kept(), JSON.stringify({ title: title.value, text: text.value })); } catch { /* private window */ }
    tell(problem.said ? problem.message : "Chưa lưu được vì mất kết nối. Nội dung vẫn được giữ trên máy này.", true);
    if (!problem.said) setTimeout(save, 5000);
    return false;
  } finally {
    saving = null;
  }
}

async function read() {
  if (!text.value.trim()) { spoken.innerHTML = '<p class="hint">Lời đọc hiện ra ở đây khi có nội dung.</p>'; return; }
  const asked = text.value;
  try {
    const said = await post("/cach-doc", { text: asked });
    if (asked === text.value) spoken.innerHTML = said.html; // ours, escaped by the server
  } catch { /* the next letter asks again */ }
}

const after = (ms, act) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(act, ms); }; };
const saveSoon = after(SAVE_AFTER_MS, save);
const readSoon = after(READ_AFTER_MS, read);
text.addEventListener("input", readSoon);
form.addEventListener("input", () => {
  const audio = listen.querySelector("audio");
  audio.pause();
  if (autosave) saveSoon();
});

// What is heard is what is saved.
listen.beforeListening = async () => {
  if (mark(fields()) !== last && !autosave) throw new Error("Hãy bấm “Lưu nháp” trước khi nghe.");
  if (!(await save())) throw new Error(title.value.trim() ? "Chưa lưu được nên chưa nghe được." : "Hãy ghi tiêu đề trước khi nghe.");
};
spoken.addEventListener("click", (event) => {
  const word = event.target.closest("[data-start]");
  if (!word) return;
  event.preventDefault();
  text.focus();
  text.setSelectionRange(Number(word.dataset.start), Number(word.dataset.end));
});

addEventListener("beforeunload", (event) => {
  if (autosave && mark(fields()) !== last && title.value.trim() && !form.dataset.sending) event.preventDefault();
});
form.addEventListener("submit", () => { form.dataset.sending = "yes"; });

// What a lost line has left behind.
try {
  const left = JSON.parse(localStorage.getItem(kept()) ?? "null");
  if (left && (left.text !== text.value || left.title !== title.value)) {
    const offer = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "Lấy lại nội dung chưa lưu trên máy này" });
    offer.addEventListener("click", () => { title.value = left.title; text.value = left.text; offer.remove(); form.dispatchEvent(new Event("input")); read(); });
    saved.before(offer);
  }
} catch { /* nothing kept */ }
