/* Parallel coordinates: an axis for each column, a line for each row; arrows go through the rows. */

class Parallel {
  constructor(figure) {
    this.spec = JSON.parse(figure.querySelector("script").textContent);
    this.canvas = figure.querySelector(".canvas");
    this.output = figure.querySelector("output");
    this.lit = -1;
    for (const axis of this.spec.axes) {
      axis.categories = axis.scale === "category" ? [...new Set(axis.values)].sort() : null;
      axis.u = axis.categories ? axis.values.map((value) => axis.categories.indexOf(value)) : axis.values;
      axis.range = axis.categories ? [0, axis.categories.length - 1] : extent(axis.u, axis.scale);
    }
    const colours = this.spec.axes[this.spec.colour].u;
    const ranked = colours.map((value, n) => [value, n]).filter(([value]) => value !== null).sort((a, b) => a[0] - b[0]);
    this.rank = colours.map(() => 1);
    ranked.forEach(([, n], place) => (this.rank[n] = ranked.length > 1 ? place / (ranked.length - 1) : 0));
    this.order = ranked.map(([, n]) => n);
    this.listen();
  }

  draw(width = this.canvas.clientWidth) {
    const { axes, names } = this.spec;
    const height = 300;
    const step = (width - 60) / Math.max(1, axes.length - 1);
    const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    this.places = axes.map((axis, n) => {
      const x = 4 + n * step;
      const scale = makeScale(axis.scale, ...axis.range, height - 20, 52, axis.categories);
      return { x, y: (value) => scale.at(value), ticks: axis.categories ? scale.ticks() : this.ticks(axis, scale) };
    });
    this.lines = names.map((_, row) => {
      const points = axes.map((axis, n) => (axis.u[row] === null ? null : [this.places[n].x, this.places[n].y(axis.u[row])]));
      const d = points.filter((point) => point).map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
      const line = svg("path", { class: "trial", d });
      line.style.stroke = `color-mix(in oklab, var(--c1) ${Math.round(100 * this.rank[row])}%, var(--c0))`;
      return line;
    });
    for (const row of [...this.order].reverse()) root.append(this.lines[row]);
    this.places.forEach((place, n) => {
      root.append(svg("line", { class: "grid", x1: place.x, x2: place.x, y1: 48, y2: height - 16 }));
      const narrow = step < 100;
      root.append(svg("text", { x: place.x - (n ? 4 : 0), y: narrow && n % 2 ? 30 : 14 }, axes[n].label));
      for (const [value, label] of apart(place.ticks, place.y, 0))
        root.append(svg("text", { class: "halo", x: place.x + 5, y: place.y(value) + 4 }, label));
    });
    this.canvas.replaceChildren(root);
    this.light(this.lit);
  }

  ticks(axis, scale) {
    const own = [...new Set(axis.u.filter((value) => value !== null))].sort((a, b) => a - b);
    return own.length <= 6 ? own.map((value) => [value, words(value)]) : scale.ticks(5);
  }

  light(row) {
    this.lit = row;
    this.lines.forEach((line, n) => {
      line.classList.toggle("lit", n === row);
      line.classList.toggle("out", row >= 0 && n !== row);
    });
    if (row < 0) return void this.output.replaceChildren();
    const parts = this.spec.axes.map((axis) => html("span", {}, `${axis.label} ${words(axis.values[row])}`));
    this.output.replaceChildren(html("span", {}, this.spec.names[row]), ...parts);
  }

  listen() {
    this.canvas.addEventListener("pointermove", (event) => {
      const box = this.canvas.getBoundingClientRect();
      this.light(this.near(event.clientX - box.left, event.clientY - box.top));
    });
    this.canvas.addEventListener("pointerleave", () => this.light(-1));
    this.canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
      if (event.key === "Escape") this.light(-1);
      else if (event.key in moves) {
        const next = this.order.indexOf(this.lit) + moves[event.key];
        this.light(this.order[Math.max(0, Math.min(this.order.length - 1, next))]);
      } else return;
      event.preventDefault();
    });
  }

  near(x, y) {
    let [best, row] = [14, -1];
    for (const n of this.order)
      for (let k = 0; k + 1 < this.places.length; k++) {
        const [a, b] = [this.places[k], this.places[k + 1]];
        const [u, v] = [this.spec.axes[k].u[n], this.spec.axes[k + 1].u[n]];
        if (x < a.x || x > b.x || u === null || v === null) continue;
        const far = Math.abs(a.y(u) + ((x - a.x) / (b.x - a.x)) * (b.y(v) - a.y(u)) - y);
        if (far < best) [best, row] = [far, n];
      }
    return row;
  }
}
