// A small page is complete without this script; it only adds filters and ways to open what is folded.
// A page of many rows holds folds and later rows compressed, and this script draws them when somebody asks.
"use strict";
(() => {
  const words = document.body.dataset;
  const many = "many" in words;
  const STEP = 100, FOLDS = 24, MOST = 50;

  const element = (tag, properties = {}, ...children) => {
    const one = Object.assign(document.createElement(tag), properties);
    one.append(...children);
    return one;
  };
  const button = (text, act) => {
    const one = element("button", { type: "button", textContent: text });
    one.addEventListener("click", act);
    return one;
  };
  const parts = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const plain = (html) => html.replace(/<[^>]*>/g, " ").replace(/&#10;/g, " ").replace(/&(lt|gt|amp|quot|#x27);/g,
    (_, name) => ({ lt: "<", gt: ">", amp: "&", quot: '"', "#x27": "'" })[name]).toLowerCase();

  const withoutData = (html) => html.replace(/<script[^>]*>[^<]*<\/script>/g, " ");

  // What the page holds compressed: zlib in base64.
  const unpack = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  };

  // Things that come a few at a time: `first` are drawn already, the rest are lines of HTML in `packed`.
  const addPager = (packed, first, step, put) => {
    const total = Number(packed.dataset.count);
    let lines = null, pool = null, drawn = [];
    const later = async () => (lines ??= (await unpack(packed.textContent)).trimEnd().split("\n"));
    const more = button("", () => draw());
    const tell = (rest) => {
      more.textContent = words.more.replace("{count}", Math.min(step, rest));
      more.hidden = rest <= 0;
    };
    const draw = async () => {
      pool ??= await later();
      drawn.push(...put(pool.slice(drawn.length, drawn.length + step).join("\n")));
      tell(pool.length - drawn.length);
    };
    packed.after(element("p", { className: "more" }, more));
    tell(total - first.length);
    const filter = async (text) => {
      const all = await later(), wanted = parts(text);
      const fits = (told) => wanted.every((part) => told.includes(part));
      first.forEach((one) => { one.hidden = !fits(one.textContent.toLowerCase()); });
      drawn.forEach((one) => one.remove());
      drawn = [];
      pool = wanted.length ? all.filter((line) => fits(plain(withoutData(line)))) : all;
      if (wanted.length || !first.length) await draw(); else tell(pool.length);
      return first.filter((one) => !one.hidden).length + pool.length;
    };
    return { total, filter, draw };
  };
  const added = (place, where, html) => {
    const known = new Set(place.children);
    (where ?? place).insertAdjacentHTML(where ? "beforebegin" : "beforeend", html);
    return [...place.children].filter((one) => !known.has(one));
  };
  const wholeTable = (rows) => {
    let texts = null;
    return { total: rows.length, filter(text) {
      texts ??= rows.map((row) => row.textContent.toLowerCase());
      const wanted = parts(text);
      let count = 0;
      rows.forEach((row, at) => {
        const fits = wanted.every((part) => texts[at].includes(part));
        row.hidden = !fits;
        count += fits;
      });
      return count;
    } };
  };

  let number = 0;
  const addFilter = (before, name, source) => {
    const input = element("input", { type: "search", id: `filter-${number += 1}` });
    input.setAttribute("aria-label", `${words.filter}: ${name}`);
    const label = element("label", { textContent: words.filter, htmlFor: input.id });
    const shown = element("output");
    shown.setAttribute("for", input.id);
    const tell = (count) => {
      shown.textContent = words.shown.replace("{shown}", count).replace("{total}", source.total);
    };
    let turn = 0;
    input.addEventListener("input", async () => {
      const mine = turn += 1;
      const count = await source.filter(input.value);
      if (mine === turn) tell(count);
    });
    tell(source.total);
    before.before(element("div", { className: "filter" }, label, input, shown));
  };

  const fill = async (fold) => {
    const packed = fold.querySelector(":scope > script.fold-body");
    if (!packed) return;
    packed.remove(); // before anything waits: it is drawn once
    fold.insertAdjacentHTML("beforeend", await unpack(packed.textContent));
    enliven(fold);
  };
  const list = (fold) => {
    const packed = fold.querySelector(":scope > script.fold-list");
    if (!packed || packed.dataset.drawn) return;
    packed.dataset.drawn = "yes";
    const source = addPager(packed, [], FOLDS, (html) => {
      const folds = added(fold, packed, html).filter((one) => one.tagName === "DETAILS");
      folds.forEach(watch);
      return folds;
    });
    addFilter(packed, fold.querySelector("summary b").textContent, source);
    source.draw();
  };
  const watch = (fold) => {
    const open = () => { if (fold.open) { fill(fold); list(fold); } };
    fold.addEventListener("toggle", open);
    open();
  };
  const enliven = (place) => {
    place.querySelectorAll("table.data").forEach((table) => {
      const packed = table.parentNode.querySelector("script.rows"), body = table.tBodies[0];
      const source = packed ? addPager(packed, [...body.rows], STEP, (html) => added(body, null, html)) : wholeTable([...body.rows]);
      if (source.total >= 10) addFilter(table.parentNode, table.caption.textContent, source);
    });
    place.querySelectorAll("details.fold").forEach(watch);
  };

  // Everything that is compressed, searched without drawing it.
  const inside = async (html) => {
    const texts = [plain(withoutData(html))];
    for (const found of html.matchAll(/<script[^>]*>([^<]*)<\/script>/g)) texts.push(await inside(await unpack(found[1])));
    return texts.join(" ");
  };
  // Each part with what shows it: a fold of a list by the filter of that list, anything else by opening it.
  async function* everything() {
    for (const packed of document.querySelectorAll("script.fold-body, script.fold-list, script.rows")) {
      const place = packed.closest(packed.className === "rows" ? ".table" : "details");
      const name = (place.querySelector("summary b") ?? place.querySelector("caption")).textContent;
      const content = await unpack(packed.textContent);
      if (packed.className !== "fold-list") yield [name, content, () => openTo(place), place];
      else for (const line of content.split("\n")) {
        const title = element("template", { innerHTML: withoutData(line) }).content.querySelector("summary b").textContent;
        yield [title, line, () => {
          openTo(place);
          list(place);
          const input = place.querySelector(":scope > .filter input");
          input.value = title;
          input.dispatchEvent(new Event("input"));
        }, place];
      }
    }
  }
  const addSearch = (after) => {
    const input = element("input", { type: "search", id: "everywhere" });
    const shown = element("output");
    const hits = element("ol", { className: "hits" });
    let turn = 0;
    input.addEventListener("change", async () => {
      const mine = turn += 1, wanted = parts(input.value);
      hits.replaceChildren();
      shown.textContent = "";
      if (!wanted.length) return;
      let count = 0;
      for await (const [name, content, open, place] of everything()) {
        if (mine !== turn) return;
        const text = await inside(content);
        if (!wanted.every((part) => text.includes(part))) continue;
        count += 1;
        if (count <= MOST) hits.append(element("li", {}, button(name, () => { open(); place.scrollIntoView(); })));
        shown.textContent = words.found.replace("{count}", count);
      }
      shown.textContent = words.found.replace("{count}", count);
    });
    after.before(element("div", { className: "search" },
      element("label", { textContent: words.everywhere, htmlFor: input.id }), input, shown, hits));
  };

  const openTo = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target) openTo(target);
  };
  document.querySelector("[data-without-script]")?.remove();
  enliven(document);
  addEventListener("hashchange", follow);
  follow();

  // A table that is wider than its place is scrolled with the keyboard too.
  const reach = () => document.querySelectorAll(".table").forEach((place) => {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0; else place.removeAttribute("tabindex");
  });
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  reach();

  const folds = [...document.querySelectorAll("details.fold")];
  const bar = element("p", { className: "buttons" });
  if (!many && folds.length) {
    bar.append(
      button(words.open, () => folds.forEach((fold) => { fold.open = true; })),
      button(words.close, () => folds.forEach((fold) => { fold.open = false; })),
    );
  }
  bar.append(button(words.print, () => print()));
  const contents = document.querySelector("nav ol");
  contents.before(bar);
  if (many) addSearch(contents);

  // On paper a fold that matters is open; afterwards the screen is as it was.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folds.filter((fold) => !fold.open && fold.classList.contains("paper"));
    opened.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));
})();
