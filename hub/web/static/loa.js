// On every page: what is live, what was lost, and listening.  Without this file everything can still be read and sent.

const body = document.body;
const watch = body.dataset.watch;
const SETTLE_MS = 700; // changes come in bursts; one look for all of them
const RETRY_MS_MAX = 30000;
const SILENT_MS = 40000; // the hub says something every 15 s

export const csrf = () => body.dataset.csrf ?? "";

export async function post(path, fields, { timeoutMs = 60000 } = {}) {
  const answer = await fetch(path, {
    method: "POST",
    body: fields instanceof URLSearchParams ? fields : new URLSearchParams(fields),
    headers: { Accept: "application/json", "X-CSRF-Token": csrf() },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(said.error?.words ?? "Máy chủ không trả lời được."), { said: said.error, status: answer.status });
  return said;
}

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(60000) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error?.words);
  return said;
}

// --- live values ---------------------------------------------------------------------------------------------------

const line = document.getElementById("line");
const asof = document.getElementById("asof");
let heardAt = Date.now();
let lost = false;

function say(words) {
  if (!line) return;
  line.textContent = words ?? "";
  line.hidden = !words;
}

function setLost(now) {
  if (now === lost) return;
  lost = now;
  say(now ? `Mất kết nối với máy chủ. Số liệu lúc ${asof?.textContent ?? "trước"}; đang thử nối lại. Nội dung đang nhập vẫn được giữ.` : "");
  body.classList.toggle("lost", now);
}

function offer(words, act) {
  const old = document.getElementById("offer");
  const button = old ?? Object.assign(document.createElement("button"), { id: "offer", type: "button", className: "button" });
  button.textContent = words;
  button.onclick = act;
  if (!old) document.getElementById("main").prepend(button);
}

const keys = (region) => [...region.querySelectorAll("[data-key]")].map((e) => e.dataset.key).join(" ");

// Values change in place.  A list whose rows differ waits for a tap, so that nothing moves under a finger.
function take(fresh) {
  let waiting = false;
  for (const mine of document.querySelectorAll("[data-live]")) {
    const theirs = mine.id && fresh.getElementById(mine.id);
    if (!theirs || theirs.innerHTML === mine.innerHTML) continue;
    if (keys(theirs) === keys(mine) || mine.contains(document.querySelector("#offer"))) swap(mine, theirs);
    else if (mine.dataset.live === "now") swap(mine, theirs);
    else waiting = true;
  }
  const fresh_asof = fresh.getElementById("asof");
  if (asof && fresh_asof) asof.textContent = fresh_asof.textContent;
  if (waiting) offer("Có thay đổi mới, chạm để xem", () => location.reload());
}

function swap(mine, theirs) {
  const open = [...mine.querySelectorAll("details[open][id]")].map((d) => d.id);
  const focused = mine.contains(document.activeElement) ? document.activeElement.id : "";
  if (mine.contains(document.activeElement) && !focused) return; // somebody is in it
  mine.innerHTML = theirs.innerHTML;
  mine.className = theirs.className;
  open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

let looking = null;
let again = false;
async function look() {
  if (looking) { again = true; return; }
  looking = true;
  try {
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15000) });
    if (answer.redirected && new URL(answer.url).pathname === "/dang-nhap") { location.assign(answer.url); return; }
    if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the stream says when the line is gone */ }
  looking = null;
  if (again) { again = false; look(); }
}

let retryMs = 1000;
function listenToHub() {
  const stream = new EventSource(`/su-kien?xem=${encodeURIComponent(watch)}`);
  const alive = () => { heardAt = Date.now(); retryMs = 1000; if (lost) { setLost(false); look(); } };
  stream.addEventListener("beat", alive);
  stream.addEventListener("change", (event) => { alive(); document.dispatchEvent(new CustomEvent("loa:change", { detail: event.data })); look(); });
  stream.onerror = () => {
    stream.close();
    setTimeout(() => { if (Date.now() - heardAt > 5000) setLost(true); listenToHub(); }, retryMs);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  };
  addEventListener("pagehide", () => stream.close(), { once: true });
}
if (watch) {
  listenToHub();
  setInterval(() => { if (Date.now() - heardAt > SILENT_MS) setLost(true); }, 5000);
  setInterval(() => { if (!document.hidden && !lost) look(); }, 60000); // ages grow, and the now-line moves
  addEventListener("offline", () => setLost(true));
}

// --- listening -----------------------------------------------------------------------------------------------------

const clock = (ms) => `${String(Math.floor(ms / 60000)).padStart(2, "0")}:${String(Math.round(ms / 1000) % 60).padStart(2, "0")}`;

export function prepareListening(root) {
  const button = root.querySelector(".listen-button");
  const label = root.querySelector(".listen-label");
  const audio = root.querySelector("audio");
  const fact = root.querySelector(".listen-fact");
  const words = label.textContent;
  button.hidden = false;
  audio.hidden = true;
  const show = () => { label.textContent = audio.paused ? words : "Dừng nghe"; };
  audio.addEventListener("play", show);
  audio.addEventListener("pause", show);
  audio.addEventListener("error", () => { if (audio.src) fact.textContent = "Trình duyệt không phát được âm thanh này. Hãy dùng trình duyệt mới hơn."; });
  button.addEventListener("click", async () => {
    if (!audio.paused) { audio.pause(); return; }
    button.setAttribute("aria-busy", "true");
    try {
      label.textContent = "Đang chuẩn bị âm thanh…";
      await root.beforeListening?.();
      if (root.dataset.listen && root.dataset.ready !== root.dataset.listen) {
        const said = root.dataset.form
          ? await post(root.dataset.listen, new URLSearchParams(new FormData(document.getElementById(root.dataset.form))))
          : await get(root.dataset.listen);
        audio.src = said.src;
        fact.textContent = `Đúng âm thanh sẽ phát ra loa: dài ${clock(said.duration_ms)}, mã ${said.digest.slice(0, 12)}.`;
        root.dataset.ready = root.dataset.listen;
        root.dataset.digest = said.digest;
      }
      audio.hidden = false;
      await audio.play();
    } catch (problem) {
      label.textContent = words;
      fact.textContent = problem.name === "TypeError" || problem.name === "TimeoutError" ? "Chưa nghe được vì mất kết nối. Hãy thử lại." : problem.message || "Chưa nghe được. Hãy thử lại.";
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
document.querySelectorAll(".listen").forEach(prepareListening);

// --- small things --------------------------------------------------------------------------------------------------

document.querySelector("[autofocus]")?.focus();
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => { // a second tap sends nothing twice
    setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((b) => (b.disabled = true)), 0);
    setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((b) => (b.disabled = false)), 8000);
  });
}
