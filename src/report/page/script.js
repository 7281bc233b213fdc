"use strict";
// Shows values under the pointer and by keyboard. All text is inserted as text, never as HTML.
for (const chart of document.querySelectorAll(".chart")) {
  const data = JSON.parse(chart.querySelector("script").textContent);
  const svg = chart.querySelector("svg"), tip = chart.querySelector(".tip");
  // Values with their positions; a line is a list of values, and so is a row of cells.
  const lines = [];
  data.panels.forEach((panel) => {
    for (const one of panel.series) {
      lines.push(one.places.map((place, at) => ({
        panel, place, text: [one.name, panel.x + " " + one.values[at][0], panel.y + " " + one.values[at][1]],
      })));
    }
    const rows = new Map();
    for (const cell of panel.cells) {
      if (!rows.has(cell.place[1])) rows.set(cell.place[1], []);
      rows.get(cell.place[1]).push({
        panel, place: cell.place, isCell: true, text: [panel.x + " " + cell.at[0], panel.y + " " + cell.at[1], cell.value],
      });
    }
    lines.push(...rows.values());
  });
  if (!lines.length) continue;
  const spot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  spot.setAttribute("class", "spot");
  spot.setAttribute("r", "3.5");
  let line = 0, at = -1;

  const show = () => {
    const value = lines[line][at], scale = svg.getBoundingClientRect().width / data.width;
    spot.setAttribute("cx", value.place[0]);
    spot.setAttribute("cy", value.place[1]);
    svg.append(spot);
    tip.replaceChildren(...value.text.filter(Boolean).map((part) => {
      const row = document.createElement("div");
      row.textContent = part;
      return row;
    }));
    tip.hidden = false;
    const x = value.place[0] * scale, y = value.place[1] * scale;
    const left = x + tip.offsetWidth + 12 > chart.clientWidth ? x - tip.offsetWidth - 10 : x + 10;
    tip.style.left = Math.max(0, left) + "px";
    tip.style.top = Math.max(0, y - tip.offsetHeight - 8) + "px";
  };
  const hide = () => {
    tip.hidden = true;
    spot.remove();
  };

  chart.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), scale = data.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    const inside = ({ plot: [left, top, width, height] }) =>
      x >= left - 4 && x <= left + width + 4 && y >= top - 4 && y <= top + height + 4;
    let best = Infinity;
    lines.forEach((values, index) => values.forEach((value, place) => {
      if (!inside(value.panel)) return;
      const [dx, dy] = [value.place[0] - x, value.place[1] - y];
      // Weight x: along a line the pointer selects an epoch, and between lines the nearer one.
      const distance = value.isCell ? dx * dx + dy * dy : 4 * dx * dx + dy * dy;
      if (distance < best) [best, line, at] = [distance, index, place];
    }));
    if (best < Infinity) show(); else hide();
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const last = lines[line].length - 1, first = at < 0;
    const other = (step) => {
      const from = lines[line][Math.max(at, 0)].place[0];
      line = (line + step + lines.length) % lines.length;
      at = lines[line].reduce((best, value, index) =>
        Math.abs(value.place[0] - from) < Math.abs(lines[line][best].place[0] - from) ? index : best, 0);
    };
    const moves = {
      ArrowRight: () => { at = Math.min(at + 1, last); },
      ArrowLeft: () => { at = Math.max(at - 1, 0); },
      ArrowDown: () => other(first ? 0 : 1),
      ArrowUp: () => other(first ? 0 : -1),
      Home: () => { at = 0; },
      End: () => { at = last; },
    };
    if (event.key === "Escape") return hide();
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
    show();
  });
}
