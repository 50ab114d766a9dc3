// Every page works without this script. It brings a refused form into view, and lets a pen or a finger sign.
"use strict";
(() => {
  document.querySelector("form [role=alert]")?.focus();

  // What is drawn is kept as points, and sent as lines between them: M x y L x y ...
  const MOST = 4096;
  for (const field of document.querySelectorAll("[data-drawing]")) {
    const canvas = field.querySelector("canvas"), pen = canvas.getContext("2d");
    const sent = field.nextElementSibling;
    let strokes = [], count = 0, drawing = false;
    field.hidden = false;
    pen.lineWidth = 3; pen.lineCap = pen.lineJoin = "round"; pen.strokeStyle = "#14213d";
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const scaled = (value, size, most) => Math.max(0, Math.min(most, Math.round(value / size * most)));
      return [scaled(event.clientX - box.left, box.width, canvas.width), scaled(event.clientY - box.top, box.height, canvas.height)];
    };
    const write = () => {
      sent.value = strokes.map((points) => "M" + points.map((point) => point.join(" ")).join("L")).join("");
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (count >= MOST) return;
      canvas.setPointerCapture(event.pointerId);
      drawing = true; count += 1;
      strokes.push([place(event)]);
      write();
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drawing || count >= MOST) return;
      const stroke = strokes.at(-1), last = stroke.at(-1), next = place(event);
      if (last[0] === next[0] && last[1] === next[1]) return;
      stroke.push(next); count += 1;
      pen.beginPath(); pen.moveTo(...last); pen.lineTo(...next); pen.stroke();
      write();
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { drawing = false; });
    field.querySelector("button").addEventListener("click", () => {
      strokes = []; count = 0;
      pen.clearRect(0, 0, canvas.width, canvas.height);
      write();
    });
  }

  // A run that is followed: each message has all that is known, so what was missed while away comes with the next one.
  const live = document.querySelector(".live:not([data-ended])");
  if (live) {
    const words = live.dataset, state = live.querySelector(".live-state"), lines = live.querySelector(".live-lines");
    const word = (code) => words["state" + code[0].toUpperCase() + code.slice(1)] ?? code;
    const facts = live.parentElement.querySelectorAll(".pairs dd"), tables = document.querySelectorAll(".sections table");
    const SHOWN = 12;
    const fill = (table, rows) => {
      const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
      table.tBodies[0].replaceChildren(...rows.map((row) => {
        const line = document.createElement("tr");
        row.forEach((text, place) => {
          const cell = line.insertCell(), box = document.createElement("div");
          cell.dataset.label = heads[place];
          cell.className = table.tHead.rows[0].cells[place].className;
          box.textContent = text;
          cell.append(box);
        });
        return line;
      }));
    };
    const show = (run) => {
      const counts = Object.entries(run.counts).map(([code, count]) => `${count} ${word(code)}`).join(", ");
      [run.play, run.task, counts, run.results].forEach((text, place) => { if (text !== "") facts[place].textContent = text; });
      const standing = (code, failed) => word(code) + (failed && code !== "failed" ? `, ${words.failed.replace("{count}", failed)}` : "");
      const rows = { 4: run.shown.map(([host, code, task, done, failed]) => [host, standing(code, failed), task, done]),
        3: run.failures.toReversed().map(([host, task, , message]) => [host, task, message]) };
      const byWidth = Object.fromEntries([...tables].map((table) => [table.tHead.rows[0].cells.length, table]));
      for (const [width, lines] of Object.entries(rows)) {
        if (byWidth[width]) fill(byWidth[width], lines);
        else if (lines.length) { stream.close(); location.reload(); } // made when there were none yet
      }
      for (const [, host, task, status] of run.lines.slice(-SHOWN)) {
        const line = document.createElement("li");
        line.textContent = `${host} · ${task} · ${word(status)}`;
        lines.prepend(line);
      }
      while (lines.children.length > SHOWN) lines.lastChild.remove();
      document.documentElement.dataset.seq = run.seq;
    };
    const stream = new EventSource(words.stream);
    stream.onopen = () => { state.textContent = words.connected; };
    stream.onerror = () => { state.textContent = words.lost; };
    stream.onmessage = (event) => {
      const run = JSON.parse(event.data);
      show(run);
      if (run.ended) { state.textContent = words.over; stream.close(); location.reload(); }
    };
  }
})();
