// The review page: shows one turn in its dialogue, takes a decision by a key, and tells the server.
//
// Chat text is hostile. All text comes as JSON and goes into text nodes; nothing is ever parsed as markup.

const byId = (id) => document.getElementById(id);

/** What the page knows. */
const state = {
  session: null,
  /** Place of the turn that is shown, in reading order; -1 before the first. */
  at: -1,
  /** The turn that is shown, as the server sent it. */
  turn: null,
  /** The element of the turn that is asked about, and the text of its words. */
  field: null,
  /** Words that were marked before a decision. */
  pending: null,
  /** Marking words by the keyboard: the words of the turn, and the first and the last marked one. */
  marking: null,
  shownAt: 0,
  ahead: new Map(),
  busy: false,
};

// == talking with the server

/** Asks the server; `body` makes it a POST. Fails with the server's own words. */
async function ask(path, body) {
  const request = body === undefined
    ? {}
    : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, { ...request, cache: "no-store", credentials: "omit" });
  } catch {
    throw new Error("The program does not answer. Your decisions so far are kept: start `rejoinder review` again, and open the address that it prints.");
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(value.error ?? `The program answers ${answer.status}.`);
  return value;
}

/** The page of a turn, which may have been fetched ahead. */
function page(n) {
  if (!state.ahead.has(n)) {
    const coming = ask(`turns/${n}`);
    coming.catch(() => state.ahead.delete(n));
    state.ahead.set(n, coming);
  }
  return state.ahead.get(n);
}

/** Keeps the pages around the turn that is shown, and fetches the next ones. */
function fetchAhead(n) {
  for (const known of state.ahead.keys()) if (Math.abs(known - n) > 3) state.ahead.delete(known);
  for (const next of [n + 1, n + 2]) if (next < state.session.draw.turns) page(next).catch(() => {});
}

// == text that must not act

/** Characters that reorder a line, steer a program, or cannot be seen. */
const UNSEEN = /[\p{DI}\u2028\u2029\ufff0-\ufffb\u2800]|(?![\n\t])\p{Cc}/gu;
const JOINERS = /[\u200c\u200d\ufe0e\ufe0f]/u;
const ASCII = /^[\0-\x7f]?$/u;

/** Whether an unseen character shapes the visible one before it, as in emoji and in many scripts. */
function isNeeded(text, at, unseen) {
  if (unseen === "\r") return text[at + 1] === "\n";
  if (!JOINERS.test(unseen)) return false;
  const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
  return !ASCII.test(before) || (/[\ufe0e\ufe0f]/u.test(unseen) && /[0-9#*]/.test(before));
}

/** The pieces of a text: `{ at, text }`, with `code` where the piece is a character that is shown by its number. */
function pieces(text) {
  const made = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (isNeeded(text, found.index, found[0])) continue;
    if (found.index > from) made.push({ at: from, text: text.slice(from, found.index) });
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    made.push({ at: found.index, text: found[0], code: `U+${code}` });
    from = found.index + found[0].length;
  }
  if (from < text.length || made.length === 0) made.push({ at: from, text: text.slice(from) });
  return made;
}

/** An element with attributes and children; strings become text nodes. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) element.setAttribute(key, value);
  element.append(...children.filter((child) => child != null).map((child) => (typeof child === "string" ? words(child) : child)));
  return element;
}

/** A short text, with its unseen characters shown. */
function words(text) {
  const all = document.createDocumentFragment();
  for (const piece of pieces(text)) all.append(leaf(piece));
  return all;
}

function leaf(piece) {
  if (piece.code === undefined) return document.createTextNode(piece.text);
  const shown = document.createElement("span");
  shown.className = "codepoint";
  shown.textContent = piece.code;
  return shown;
}

/** A text in which a passage can be marked and what a person has selected can be found again. */
class TextField {
  constructor(element, text) {
    this.element = element;
    this.text = text;
    this.mark(null);
  }

  /** Shows the text with the passage `[start, end)` marked, in code units; `null` marks nothing. */
  mark(passage) {
    this.leaves = [];
    const all = document.createDocumentFragment();
    const cuts = passage === null ? [0, this.text.length] : [0, passage[0], passage[1], this.text.length];
    for (let cut = 0; cut + 1 < cuts.length; cut++) {
      if (cuts[cut] === cuts[cut + 1]) continue;
      const isMarked = passage !== null && cut === 1;
      const home = isMarked ? all.appendChild(document.createElement("mark")) : all;
      for (const piece of pieces(this.text.slice(cuts[cut], cuts[cut + 1]))) {
        const node = home.appendChild(leaf(piece));
        this.leaves.push({ node, at: cuts[cut] + piece.at, length: piece.text.length, isText: piece.code === undefined });
      }
    }
    this.element.replaceChildren(all);
  }

  /** The place of a passage, its first occurrence; `null` where the text as shown lacks the passage. */
  find(passage) {
    const at = passage ? this.text.indexOf(passage) : -1;
    return at < 0 ? null : [at, at + passage.length];
  }

  /** The place of what a person has selected in the text; `null` where nothing of the text is selected. */
  selected() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    let [start, end] = [Infinity, -1];
    for (const { node, at, length, isText } of this.leaves) {
      if (!range.intersectsNode(node)) continue;
      const first = isText && node === range.startContainer ? range.startOffset : 0;
      const last = isText && node === range.endContainer ? range.endOffset : length;
      if (last <= first) continue;
      start = Math.min(start, at + first);
      end = Math.max(end, at + last);
    }
    return this.trimmed(start, end);
  }

  /** A place without the white space at its ends; `null` where nothing is left. */
  trimmed(start, end) {
    while (start < end && /\s/u.test(this.text[start])) start++;
    while (start < end && /\s/u.test(this.text[end - 1])) end--;
    return start < end ? [start, end] : null;
  }
}

// == showing

const KEYS = { UR1: "1", UR2: "2", UR3: "3", UR4: "4", UR5: "5", none: "0", unsure: "u" };
const STATES = { 0: "none", 1: "UR1", 2: "UR2", 3: "UR3", 4: "UR4", 5: "UR5", u: "unsure" };

const percent = (share) => (share == null ? "–" : `${(100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 0)} %`);
const number = (count) => Math.round(count).toLocaleString("en");

function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function say(text) {
  byId("said").textContent = text;
}

/** Says what went wrong, in sight. */
function complain(error) {
  byId("said").classList.add("wrong");
  say(error.message);
}

function category(code) {
  const known = state.session.categories.find((one) => one.code === code);
  if (known) return `${code} ${known.name}`;
  return code === "none" ? "no feedback" : code;
}

function showSession(session) {
  state.session = session;
  document.title = `Review of ${session.run} · rejoinder`;
  byId("run").replaceChildren(words(session.run));
  byId("reader").replaceChildren(words(`labels by ${session.reader}${session.open ? " · open: what the program thought is shown" : ""}`));
  byId("draw-words").replaceChildren(words([session.draw.words, session.slow].filter(Boolean).join(" ")));
  byId("labels-file").replaceChildren(words(session.labels_file));
  byId("next-commands").replaceChildren(...session.next.map((command) => make("li", {}, make("code", {}, command))));
  byId("category-help").replaceChildren(...session.categories.map((one) =>
    make("div", {}, make("dt", {}, make("kbd", {}, KEYS[one.code]), ` ${one.code}`), make("dd", {}, `${one.name}: the user ${one.what}`))));
  const choices = [
    ...session.categories.map((one) => ({ code: one.code, name: one.name, title: `${one.code}: the user ${one.what}` })),
    { code: "none", name: "No feedback", title: "The turn says nothing of the answer before it" },
    { code: "unsure", name: "Unsure", title: "You cannot say: a bound counts the turn as if it were wrong" },
  ];
  byId("choices").replaceChildren(...choices.map(({ code, name, title }) => {
    const button = make("button", { type: "button", "data-code": code, title, "aria-pressed": "false" },
      make("kbd", {}, KEYS[code]), make("span", {}, code.startsWith("UR") ? make("b", {}, code) : null, ` ${name}`));
    button.addEventListener("click", () => decide(code));
    return button;
  }));
  showForecast(session.forecast);
  showProgress(session.progress);
}

/** What so many turns can tell: the server has put it into words. */
function showForecast(forecast) {
  const shown = (forecast.words ?? []).map((line) => make("p", {}, line));
  if (forecast.rows?.length) {
    const head = ["For", "If all is well: recall at least", "Precision at least", "This draw holds about", "An audit, and the recall it can show", "Time"];
    const rows = forecast.rows.map((row) => make("tr", {}, make("th", { scope: "row" }, row.purpose),
      ...[row.recall, row.precision, row.holds, row.suggestion, row.time].map((cell) => make("td", {}, cell))));
    shown.push(make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "What these turns can tell" },
      make("table", {}, make("thead", {}, make("tr", {}, ...head.map((one) => make("th", { scope: "col" }, one)))), make("tbody", {}, ...rows))));
  }
  byId("forecast").replaceChildren(...shown);
}

function showProgress(progress) {
  const bar = byId("progress");
  bar.max = Math.max(1, progress.turns);
  bar.value = progress.labelled;
  const parts = [`${number(progress.labelled)} of ${number(progress.turns)} turns`];
  if (progress.unsure > 0) parts.push(`${number(progress.unsure)} unsure`);
  if (progress.labelled > 0 && progress.labelled < progress.turns) parts.push(`about ${duration(progress.left_seconds)} left`);
  byId("progress-words").textContent = parts.join(" · ");
  if (progress.forecast) showForecast(progress.forecast);
  showAgreement(progress.agreement);
}

function showAgreement(agreement) {
  const sides = [];
  if (agreement?.with_run) sides.push(["what the run says", agreement.with_run]);
  for (const other of agreement?.readers ?? []) sides.push([`reader ${other.reader}`, other]);
  const kappa = (figure) => (figure ? `${figure.estimate.toFixed(2)} (${figure.low.toFixed(2)} to ${figure.high.toFixed(2)})` : "–");
  const tables = sides.filter(([, one]) => one.both > 0).map(([name, one]) => make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Agreement with ${name}` },
    make("table", {},
      make("caption", {}, `You and ${name}: ${number(one.both)} turns, alike in ${percent(one.agreed)}`),
      make("thead", {}, make("tr", {}, ...["", "Turns", "κ, 95 % interval"].map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {},
        make("tr", {}, make("th", { scope: "row" }, "all"), make("td", {}, number(one.both)), make("td", {}, kappa(one.kappa))),
        ...Object.entries(one.by_category ?? {}).map(([code, figure]) =>
          make("tr", {}, make("th", { scope: "row" }, code), make("td", {}, number(figure.turns)), make("td", {}, kappa(figure.kappa))))))));
  byId("agreement-figures").replaceChildren(...(tables.length ? tables : [make("p", { class: "quiet" }, "Nothing to compare yet.")]),
    make("p", { class: "quiet" }, "κ is 1 where two always agree, 0 where they agree no more often than by chance. The interval knows that turns of one conversation are alike."));
}

const ROLES = { user: "User", assistant: "Assistant", system: "System", tool: "Tool" };

function message(one) {
  const text = make("div", { class: "text chat", dir: "auto" });
  const field = new TextField(text, one.text);
  const item = make("li", { class: ["message", one.role, one.is_turn ? "asked" : "", one.after ? "after" : ""].join(" ").trim() },
    make("p", { class: "who" }, ROLES[one.role] ?? one.role, one.is_turn ? make("b", {}, " · the turn in question") : null,
      one.after ? " · said afterwards" : null, one.left_out ? ` · ${number(one.left_out)} characters left out` : null),
    text,
    one.tools?.length ? make("pre", { class: "tools" }, one.tools.join("\n")) : null);
  if (one.is_turn) {
    item.id = "asked";
    item.tabIndex = -1;
    state.field = field;
  }
  return item;
}

/** Shows turn `n` of the reading order. */
async function show(n) {
  n = Math.max(0, Math.min(n, state.session.draw.turns - 1));
  stopMarking();
  const turn = await page(n);
  Object.assign(state, { at: n, turn, pending: null, shownAt: performance.now() });
  byId("about").hidden = true;
  byId("turn").hidden = false;
  byId("decide").hidden = false;
  byId("turn-head").textContent = `Turn ${number(n + 1)} of ${number(state.session.draw.turns)}`;
  const place = turn.place?.split(/[\\/]/).at(-1);
  byId("place").replaceChildren(words([turn.conversation_id, turn.language, place].filter(Boolean).join(" · ")));
  byId("earlier").hidden = !turn.earlier;
  byId("earlier").textContent = turn.earlier ? `${number(turn.earlier)} earlier messages are not shown` : "";
  byId("dialogue").replaceChildren(...turn.messages.map(message));
  byId("said").classList.remove("wrong");
  say("");
  showDecision();
  // What scrolls must be in reach of the keyboard.
  for (const box of byId("dialogue").querySelectorAll(".text, .tools")) if (box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  const asked = byId("asked");
  asked?.focus({ preventScroll: true });
  asked?.scrollIntoView({ block: "center" });
  fetchAhead(n);
}

/** Shows what was decided about the turn, the words that were marked, and then what the program thought. */
function showDecision() {
  const { turn, field } = state;
  const label = turn.label;
  for (const button of byId("choices").children) {
    button.setAttribute("aria-pressed", String(label?.category === button.dataset.code));
  }
  const span = state.pending ?? label?.span ?? null;
  field.mark(field.find(span));
  byId("span").replaceChildren(words(span === null ? "No words are marked." : `Marked: “${span}”`));
  showProgram(turn.program);
}

/** What the program thought; it is sent only once the reader has decided, or in an open review. */
function showProgram(program) {
  const box = byId("program");
  box.hidden = !program;
  if (!program) return box.replaceChildren();
  const told = program.explanation ?? {};
  const lines = [make("h3", {}, "What the program thought"), make("p", { class: "verdict" }, program.line ?? program.decision)];
  if (program.dispute) lines.push(make("p", {}, program.dispute));
  if (program.span?.text) lines.push(make("p", {}, "Its words: ", make("q", {}, program.span.text)));
  for (const other of program.others ?? []) lines.push(make("p", {}, `Reader ${other.reader}: ${category(other.category)}`));
  if (program.export) lines.push(make("p", {}, program.export));
  const evidence = [];
  for (const rule of (told.rules ?? []).filter((one) => one.hit)) {
    evidence.push(make("h4", {}, `${rule.id} · ${rule.route}${rule.category ? ` ${rule.category}` : ""}`),
      make("p", { class: "quiet" }, rule.place),
      make("ul", { class: "checks" }, ...rule.checks.map((check) => make("li", {}, make("b", {}, check.holds ? "holds" : "fails"), ` ${check.asks}: ${check.actual}`))));
  }
  for (const plugin of told.plugins ?? []) {
    const score = plugin.score == null ? "" : ` · ${Number(plugin.score).toFixed(3)}`;
    evidence.push(make("h4", {}, `plugin ${plugin.name ?? plugin.plugin}${score}`), plugin.note ? make("p", {}, plugin.note) : null);
  }
  if (told.judge) {
    evidence.push(make("h4", {}, "judge"), make("p", {}, told.judge.finding),
      ...(told.judge.requests ?? []).map((request) => make("blockquote", { class: "chat", dir: "auto" }, request.reply)));
  }
  const shown = evidence.filter(Boolean);
  if (shown.length) lines.push(make("details", {}, make("summary", {}, "Why"), ...shown));
  box.replaceChildren(...lines);
}

// == deciding

/** Does one thing at a time: a second key waits for no answer and changes nothing. */
async function alone(work) {
  if (state.busy) return;
  state.busy = true;
  try {
    await work();
  } catch (error) {
    complain(error);
  } finally {
    state.busy = false;
  }
}

const decide = (code) => alone(() => send(code, state.pending ?? (code === "none" || code === "unsure" ? null : state.turn.label?.span ?? null)));

async function send(code, span) {
  const n = state.at;
  const seconds = Math.min(3600, (performance.now() - state.shownAt) / 1000);
  const answer = await ask(`turns/${n}`, { category: code, span, seconds });
  Object.assign(state.turn, { label: answer.label, program: answer.program });
  state.pending = null;
  noteState(n, answer.state ?? KEYS[code]);
  showProgress(answer.progress);
  showDecision();
  const left = answer.progress.turns - answer.progress.labelled;
  byId("said").classList.remove("wrong");
  if (left === 0) say(`${category(code)}. All turns are decided: ${state.session.next[0] ?? ""}`);
  else if (byId("at-once").checked && n + 1 < state.session.draw.turns) await show(n + 1);
  else say(`${category(code)}. → for the next turn`);
}

function noteState(n, letter) {
  const { session } = state;
  session.states = session.states.slice(0, n) + letter + session.states.slice(n + 1);
}

const undo = () => alone(async () => {
  const answer = await ask("undo", {});
  noteState(answer.n, ".");
  state.ahead.delete(answer.n);
  await show(answer.n);
  showProgress(answer.progress);
  say("The last decision is taken back.");
});

/** The next turn without a decision, from `from` on and then from the beginning; the last turn where all are decided. */
function nextOpen(from) {
  const { states } = state.session;
  const found = [states.indexOf(".", from), states.indexOf(".")].find((at) => at >= 0);
  return found ?? states.length - 1;
}

const go = (n) => alone(() => show(n));

// == marking words

function mark() {
  const { field } = state;
  const selected = field.selected();
  document.getSelection()?.removeAllRanges();
  if (selected) return take(selected);
  const all = [...field.text.matchAll(/\S+/gu)].map((found) => [found.index, found.index + found[0].length]);
  if (all.length === 0) return say("The turn has no words.");
  const now = field.find(state.pending ?? state.turn.label?.span ?? null);
  const first = now ? Math.max(0, all.findIndex(([, end]) => end > now[0])) : 0;
  const last = now ? Math.max(first, all.findLastIndex(([start]) => start < now[1])) : first;
  state.marking = { all, first, last };
  showMarking();
}

function showMarking() {
  const { all, first, last } = state.marking;
  state.field.mark([all[first][0], all[last][1]]);
  byId("turn").classList.add("marking");
  byId("asked").querySelector("mark")?.scrollIntoView({ block: "nearest" });
  byId("said").classList.remove("wrong");
  say("Marking: ← → for the first word, with Shift for the last one, Enter takes the words, Delete takes the mark away, Esc leaves.");
}

function stopMarking() {
  state.marking = null;
  byId("turn").classList.remove("marking");
}

/** Takes a passage, given by its place: sent at once if the turn is decided, else with the decision. `null` takes the mark away. */
function take(passage) {
  stopMarking();
  const span = passage && state.field.text.slice(...passage);
  const label = state.turn.label;
  if (label && label.category !== "none" && label.category !== "unsure") {
    return alone(() => send(label.category, span));
  }
  state.pending = span;
  showDecision();
  say(span === null ? "No words are marked." : "The words go with your decision.");
}

/** A key while words are marked; whether the key meant something. */
function markingKey(event) {
  const { marking } = state;
  const end = marking.all.length - 1;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step !== undefined) {
    if (event.shiftKey) {
      marking.last = Math.max(marking.first, Math.min(end, marking.last + step));
    } else {
      marking.first = Math.max(0, Math.min(end, marking.first + step));
      marking.last = Math.max(marking.first, marking.last);
    }
    showMarking();
  } else if (event.key === "Enter" || event.key === "s") {
    take([marking.all[marking.first][0], marking.all[marking.last][1]]);
  } else if (event.key === "Delete" || event.key === "Backspace") {
    take(null);
  } else if (event.key === "Escape") {
    stopMarking();
    showDecision();
    say("");
  } else {
    return false;
  }
  return true;
}

// == keys and buttons

function toggleAbout() {
  const wasShown = !byId("about").hidden;
  if (wasShown) return begin();
  byId("turn").hidden = true;
  byId("decide").hidden = true;
  byId("about").hidden = false;
  byId("about-head").textContent = "About these turns";
  byId("begin").firstChild.textContent = "Go on ";
  byId("main").focus();
}

const begin = () => go(state.at < 0 ? nextOpen(0) : state.at);

const COMMANDS = {
  s: mark,
  z: undo,
  n: () => go(nextOpen(state.at + 1)),
  a: () => byId("at-once").click(),
  ArrowLeft: () => go(state.at - 1),
  ArrowRight: () => go(state.at + 1),
  Enter: () => go(state.at + 1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open || !state.session) return;
  const isControl = event.target.closest?.("button, summary, input, a");
  if (event.key === "?") {
    byId("help").showModal();
  } else if (!byId("about").hidden) {
    if (event.key !== "Enter" || isControl) return;
    begin();
  } else if (state.marking) {
    if (!markingKey(event)) return;
  } else if (event.key in STATES) {
    decide(STATES[event.key]);
  } else if (event.key in COMMANDS && !(event.key === "Enter" && isControl)) {
    COMMANDS[event.key]();
  } else {
    return;
  }
  event.preventDefault();
});

byId("begin").addEventListener("click", begin);
byId("back").addEventListener("click", COMMANDS.ArrowLeft);
byId("forth").addEventListener("click", COMMANDS.ArrowRight);
// The click must not take the selection away before the words are read.
byId("mark").addEventListener("mousedown", (event) => event.preventDefault());
byId("mark").addEventListener("click", mark);
byId("undo").addEventListener("click", undo);
byId("open-help").addEventListener("click", () => byId("help").showModal());
byId("open-about").addEventListener("click", toggleAbout);

try {
  showSession(await ask("session"));
  byId("about").hidden = false;
  byId("main").focus();
} catch (error) {
  complain(error);
}
