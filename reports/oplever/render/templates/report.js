// The page is complete without this script; it only adds filters and ways to open what is folded.
"use strict";
(() => {
  const words = document.body.dataset;

  const addFilter = (table, number) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 10) return;
    const box = document.createElement("div");
    box.className = "filter";
    const label = document.createElement("label");
    label.textContent = words.filter;
    label.htmlFor = `filter-${number}`;
    const input = document.createElement("input");
    input.type = "search";
    input.id = label.htmlFor;
    input.setAttribute("aria-label", `${words.filter}: ${table.caption.textContent}`);
    const shown = document.createElement("output");
    shown.setAttribute("for", input.id);
    let texts = null;
    const tell = (count) => {
      shown.textContent = words.shown.replace("{shown}", count).replace("{total}", rows.length);
    };
    input.addEventListener("input", () => {
      texts ??= rows.map((row) => row.textContent.toLowerCase());
      const parts = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, at) => {
        const fits = parts.every((part) => texts[at].includes(part));
        row.hidden = !fits;
        count += fits;
      });
      tell(count);
    });
    tell(rows.length);
    box.append(label, input, shown);
    table.parentNode.before(box);
  };
  document.querySelectorAll("table.data").forEach(addFilter);

  const openTo = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target) openTo(target);
  };
  addEventListener("hashchange", follow);
  follow();

  const folds = [...document.querySelectorAll("details.fold")];
  const button = (text, act) => {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = text;
    one.addEventListener("click", act);
    return one;
  };
  const bar = document.createElement("p");
  bar.className = "buttons";
  bar.append(
    button(words.open, () => folds.forEach((fold) => { fold.open = true; })),
    button(words.close, () => folds.forEach((fold) => { fold.open = false; })),
    button(words.print, () => print()),
  );
  document.querySelector("nav ol").before(bar);

  // On paper a fold that matters is open; afterwards the screen is as it was.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folds.filter((fold) => !fold.open && fold.classList.contains("paper"));
    opened.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));
})();
