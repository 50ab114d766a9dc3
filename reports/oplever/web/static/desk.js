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
})();
