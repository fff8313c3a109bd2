const byId = id => document.getElementById(id);
const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const paints = { oak: "#b0672c", brass: "#b78a12", sand: "#b0905c", moss: "#4e8a38", slate: "#48698c", coral: "#de5b48", ink: "#33438f", cream: "#a89a84" };
const ends = {
  TruncatedDeadline: "The deadline came first: these are the best found until then.",
  DegradedOverload: "The server is busy, and looked less hard.",
  LimitedWork: "Caps and floors left the list short.",
};
let shopper, shown = [], latest = 0;

/** An element with attributes and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    name.startsWith("on") ? element.addEventListener(name.slice(2), value) : element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The picture of an item: its category drawn, in its colour. */
function tile(item) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${item.category}`);
  drawing.append(use);
  const element = make("div", { class: "tile", "aria-hidden": "true" }, drawing);
  element.style.setProperty("--paint", paints[item.colour]);
  return element;
}

/** Calls the service; what it refuses is told on the page. */
async function call(path, options) {
  const reply = await fetch(`api/shoppers${path}`, options);
  if (!reply.ok) {
    const problem = await reply.json().catch(() => ({}));
    throw new Error(`${problem.title ?? reply.status}: ${problem.detail ?? reply.statusText}`);
  }
  return reply.headers.get("content-type")?.includes("json") ? reply.json() : null;
}

async function show(told = "") {
  const turn = ++latest;
  const page = await call(`/${shopper}/feed?maxPrice=${byId("price").value}&perCategory=${byId("cap").value}`);
  if (turn !== latest)
    return; // something newer was asked for meanwhile
  shown = page.items;
  byId("opened").replaceChildren(...page.opened.map(item => make("li", {}, tile(item), item.title)));
  const longest = Math.max(page.towerMs, page.searchMs, page.rankerMs);
  byId("stages").replaceChildren(
    ...stage("User tower", page.towerMs, longest),
    ...stage(`Search (server ${page.serverMs.toFixed(2)} ms)`, page.searchMs, longest),
    ...stage("Ranker", page.rankerMs, longest));
  const held = Object.entries(page.heldBack).map(([value, count]) => `${value} ${count}`).join(", ");
  byId("facts").textContent = `${page.matching.toLocaleString("en")} items may be shown; ${page.candidates} candidates went to the ranker. `
    + (held ? `Held back by a cap: ${held}. ` : "")
    + (ends[page.completeness] ?? "");
  byId("feed").replaceChildren(...page.items.map(card));
  tell(told || `${page.items.length} items`);
}

function stage(name, ms, longest) {
  const bar = make("i");
  bar.style.width = `${100 * ms / longest}%`;
  return [make("dt", {}, name), make("dd", { class: "track", "aria-hidden": "true" }, bar), make("dd", {}, `${ms.toFixed(2)} ms`)];
}

function card(item, place) {
  const parts = [item.taste, item.freshness, item.priceFit];
  const bars = make("div", { class: "parts", "aria-hidden": "true" }, ...parts.map(part => {
    const bar = make("i");
    bar.style.width = `${100 * part}%`;
    return bar;
  }));
  return make("li", {}, tile(item), make("div", { class: "body" },
    make("h3", {}, item.title),
    make("div", { class: "facts" }, make("span", {}, item.brand), make("b", {}, euros.format(item.price))),
    bars,
    make("details", {},
      make("summary", {}, "Why is it here?"),
      make("p", {}, `Like “${item.like}”, which was opened. ${item.ageDays === 0 ? "New today" : `${item.ageDays} days old`}. `
        + `Place ${item.placeInSearch} of the search, ${place + 1} after ranking.`),
      make("p", { class: "key" }, ...["taste", "freshness", "price"].map((name, i) => make("i", {}, `${name} ${parts[i].toFixed(2)}`)))),
    make("div", { class: "acts" },
      button("Open", item, place, () => call(`/${shopper}/opened/${item.key}`, { method: "POST" })),
      button("Seen", item, place, () => markSeen([item.key])))));
}

/** A button of a card. The feed is made anew, and the button at the same place has the focus then. */
function button(name, item, place, act) {
  const click = () => attempt(async () => {
    await act();
    await show(`${item.title}: ${name === "Open" ? "opened; the feed follows it" : "not shown again"}`);
    const cards = byId("feed").children;
    cards[Math.min(place, cards.length - 1)]?.querySelector(`button[data-act=${name}]`).focus({ preventScroll: true });
  });
  return make("button", { type: "button", "data-act": name, "aria-label": `${name}: ${item.title}`, onclick: click }, name);
}

const markSeen = keys =>
  call(`/${shopper}/seen`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(keys) });

function tell(text, isBad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", isBad);
}

async function attempt(act) {
  try {
    await act();
  } catch (error) {
    tell(error.message, true);
  }
}

function showControls() {
  byId("price-shown").textContent = euros.format(byId("price").value);
  byId("cap-shown").textContent = byId("cap").value;
}

byId("ask").addEventListener("input", event => {
  if (event.target.name === "shopper")
    shopper = event.target.value;
  showControls();
  attempt(show);
});
byId("ask").addEventListener("submit", event => event.preventDefault());
byId("all-seen").addEventListener("click", () => attempt(async () => {
  await markSeen(shown.map(item => item.key));
  await show("The next ones");
}));
byId("forget").addEventListener("click", () => attempt(async () => {
  await call(`/${shopper}/seen`, { method: "DELETE" });
  await show("All of it may come again");
}));

await attempt(async () => {
  const all = await call("");
  shopper = all[0].id;
  byId("shoppers").append(...all.map(one => make("label", {},
    make("input", { type: "radio", name: "shopper", value: one.id, ...(one.id === shopper ? { checked: "" } : {}) }),
    make("span", {}, one.name))));
  showControls();
  await show();
});
