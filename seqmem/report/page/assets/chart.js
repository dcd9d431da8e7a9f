/* A chart of marks against two axes, drawn as wide as there is room. */

class Chart {
  constructor(figure) {
    this.spec = JSON.parse(figure.querySelector("script").textContent);
    this.canvas = figure.querySelector(".canvas");
    this.output = figure.querySelector("output");
    this.marks = this.spec.marks;
    this.categories = this.spec.x.scale === "category" ? [...new Set(this.marks.flatMap((mark) => mark.x))] : null;
    const tones = new Map();
    for (const mark of this.marks) {
      mark.u = this.categories ? mark.x.map((name) => this.categories.indexOf(name)) : mark.x;
      if (!mark.tone && !tones.has(mark.name)) tones.set(mark.name, tones.size);
      const own = tones.get(mark.name);
      mark.style = mark.tone ? `tone-${mark.tone}` : `tone-${own % 8}${own >= 8 ? " again" : ""}`;
    }
    this.off = new Set(this.marks.filter((mark) => !mark.shown).map((mark) => mark.name));
    this.whole = this.domain = this.reach();
    this.makeLegend(figure.querySelector(".legend"));
    this.listen();
  }

  reach() {
    if (this.categories) return [0, this.categories.length - 1];
    const all = this.marks.flatMap((mark) => mark.u.concat(mark.stop || []));
    return extent(all, this.spec.x.scale, 0.01);
  }

  visible() {
    return this.marks.filter((mark) => !this.off.has(mark.name));
  }

  makeLegend(legend) {
    const names = [...new Set(this.marks.map((mark) => mark.name))];
    const buttons = names.map((name) => {
      const first = this.marks.find((mark) => mark.name === name);
      const button = html("button", { type: "button", class: first.style }, html("i"), name);
      button.addEventListener("click", () => this.toggle([name], !this.off.has(name)));
      return button;
    });
    if (names.length < 2) return void legend.append(...buttons.map((button) => html("span", { class: button.className }, ...button.childNodes)));
    this.buttons = new Map(names.map((name, n) => [name, buttons[n]]));
    legend.append(...buttons);
    if (names.length > 5)
      for (const [label, hide] of [["all", false], ["none", true]]) {
        const every = html("button", { type: "button", class: "every" }, label);
        every.addEventListener("click", () => this.toggle(names, hide));
        legend.append(every);
      }
    this.press();
  }

  toggle(names, hide) {
    for (const name of names) this.off[hide ? "add" : "delete"](name);
    this.press();
    this.draw();
  }

  press() {
    for (const [name, button] of this.buttons) button.setAttribute("aria-pressed", String(!this.off.has(name)));
  }

  draw(width = this.canvas.clientWidth) {
    const { x, y } = this.spec;
    const height = Math.max(220, Math.min(420, width * 0.5));
    const shown = this.visible();
    const [low, high] = this.domain;
    const heights = shown.flatMap((mark) => this.heights(mark, low, high));
    const [bottom, top] = extent(heights, y.scale, 0.05, y.zero);
    const upright = makeScale(y.scale, bottom, top, height - 40, 26);
    const rows = apart(upright.ticks(height / 55), upright.at, 0);
    const left = 14 + 7 * Math.max(2, ...rows.map(([, label]) => label.length));
    const across = makeScale(x.scale, low, high, left, width - 12, this.categories);
    this.across = across;
    this.upright = upright;
    this.frame = [left, 26, width - 12, height - 40];
    const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const clip = `clip-${Chart.count++}`;
    root.append(svg("clipPath", { id: clip }, svg("rect", { x: left, y: 20, width: Math.max(1, width - 12 - left), height: height - 60 })));
    root.append(svg("text", { x: 0, y: 12 }, y.label));
    for (const [value, label] of rows) {
      const at = upright.at(value);
      root.append(svg("line", { class: "grid", x1: left, x2: width - 12, y1: at, y2: at }));
      root.append(svg("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, label));
    }
    const own = new Set(shown.flatMap((mark) => mark.u));
    const measured = x.scale === "log" && own.size <= 12 && shown.every((mark) => mark.points || mark.kind === "points");
    const places = measured ? [...own].sort((a, b) => a - b).map((value) => [value, words(value)]) : across.ticks(width / 110);
    const columns = apart(places.filter(([value]) => value >= low - 1e-9 && value <= high + 1e-9), across.at, 1);
    for (const [value, label] of columns) {
      const at = across.at(value);
      root.append(svg("line", { class: "grid", x1: at, x2: at, y1: height - 40, y2: height - 35 }));
      const edge = at + label.length * 3.3 > width ? "end" : "middle";
      root.append(svg("text", { x: edge === "end" ? width : at, y: height - 22, "text-anchor": edge }, label));
    }
    root.append(svg("text", { x: width - 12, y: height - 5, "text-anchor": "end" }, x.label));
    const inside = svg("g", { "clip-path": `url(#${clip})` });
    const layers = { shade: 0, band: 1, sticks: 2, line: 3, points: 4 };
    for (const mark of [...shown].sort((a, b) => layers[a.kind] - layers[b.kind])) inside.append(...this.shapes(mark));
    root.append(inside);
    this.canvas.replaceChildren(root);
    this.root = root;
    this.stops = [...new Set(shown.filter((mark) => mark.kind !== "shade").flatMap((mark) => mark.u))]
      .filter((u) => u >= low && u <= high)
      .sort((a, b) => a - b);
    this.point = null;
  }

  heights(mark, low, high) {
    const inside = (values) => values.filter((_, n) => mark.u[n] >= low && mark.u[n] <= high);
    if (mark.kind === "shade") return [];
    if (mark.kind === "band") return inside(mark.low).concat(inside(mark.high));
    const values = inside(mark.y);
    if (mark.kind === "sticks") values.push(0);
    if (!mark.error) return values;
    const errors = inside(mark.error);
    return values.concat(values.flatMap((value, n) => (value === null || errors[n] === null ? [] : [value - errors[n], value + errors[n]])));
  }

  shapes(mark) {
    const at = (n) => this.across.at(mark.u[n]);
    const to = (value) => this.upright.at(value);
    const [, top, , bottom] = this.frame;
    const there = (value) => value !== null && (this.spec.y.scale !== "log" || value > 0);
    const path = (values) => {
      let open = false;
      return values
        .map((value, n) => {
          if (!there(value)) return (open = false), "";
          const step = `${open ? "L" : "M"}${at(n).toFixed(1)},${to(value).toFixed(1)}`;
          open = true;
          return step;
        })
        .join("");
    };
    const dots = (radius) =>
      mark.y.flatMap((value, n) => (there(value) ? [svg("circle", { class: `dot ${mark.style}`, cx: at(n).toFixed(1), cy: to(value).toFixed(1), r: radius })] : []));
    if (mark.kind === "shade")
      return mark.u.map((_, n) => {
        const width = Math.max(1, this.across.at(mark.stop[n]) - at(n));
        return svg("rect", { class: `shade ${mark.style}`, x: at(n), y: top - 6, width, height: bottom - top + 6 });
      });
    if (mark.kind === "band") {
      const known = mark.u.map((_, n) => n).filter((n) => there(mark.low[n]) && there(mark.high[n]));
      const upper = known.map((n) => `${at(n).toFixed(1)},${to(mark.high[n]).toFixed(1)}`);
      const lower = known.map((n) => `${at(n).toFixed(1)},${to(mark.low[n]).toFixed(1)}`).reverse();
      return [svg("polygon", { class: `area ${mark.style}`, points: upper.concat(lower).join(" ") })];
    }
    if (mark.kind === "sticks") {
      const d = mark.y.map((value, n) => (value === null ? "" : `M${at(n).toFixed(1)},${to(0).toFixed(1)}V${to(value).toFixed(1)}`)).join("");
      return [svg("path", { class: `sticks ${mark.style}`, d })];
    }
    if (mark.kind === "points") return dots(3.5);
    const found = mark.points && this.categories ? [] : [svg("path", { class: `line ${mark.style}`, d: path(mark.y) })];
    for (const [n, error] of (mark.error || []).entries())
      if (there(mark.y[n]) && error !== null && (this.spec.y.scale !== "log" || mark.y[n] > error)) {
        const [up, down] = [to(mark.y[n] + error), to(mark.y[n] - error)];
        found.push(svg("path", { class: `error ${mark.style}`, d: `M${at(n)},${up}V${down}M${at(n) - 4},${up}h8M${at(n) - 4},${down}h8` }));
      }
    return mark.points ? found.concat(dots(3.5)) : found;
  }

  listen() {
    const canvas = this.canvas;
    const place = (event) => event.clientX - canvas.getBoundingClientRect().left;
    canvas.addEventListener("pointermove", (event) => {
      if (this.from !== undefined) this.choose(this.from, place(event));
      else this.read(this.nearest(this.across.back(place(event))));
    });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType !== "touch" && !this.categories) this.from = place(event);
    });
    window.addEventListener("pointerup", (event) => {
      if (this.from === undefined) return;
      const ends = [this.from, place(event)].sort((a, b) => a - b);
      this.from = undefined;
      if (ends[1] - ends[0] > 8) this.zoom(this.across.back(ends[0]), this.across.back(ends[1]));
    });
    canvas.addEventListener("dblclick", () => this.zoom(...this.whole));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const last = this.stops.length - 1;
    const here = this.cursor === undefined ? -1 : this.stops.indexOf(this.cursor);
    const moves = { ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20, Home: -Infinity, End: Infinity };
    if (event.key in moves) this.read(this.stops[Math.max(0, Math.min(last, here + moves[event.key] * (event.shiftKey ? 10 : 1)))]);
    else if (event.key === "Escape" || event.key === "0") this.zoom(...this.whole);
    else if ((event.key === "+" || event.key === "-") && !this.categories) {
      const middle = this.cursor ?? (this.domain[0] + this.domain[1]) / 2;
      const half = ((this.domain[1] - this.domain[0]) / 2) * (event.key === "+" ? 0.5 : 2);
      this.zoom(middle - half, middle + half);
    } else return;
    event.preventDefault();
  }

  zoom(low, high) {
    low = Math.max(low, this.whole[0]);
    high = Math.min(high, this.whole[1]);
    if (high > low) this.domain = [low, high];
    this.draw();
    this.read(this.cursor);
  }

  choose(from, to) {
    this.pointer(svg("rect", { class: "chosen", x: Math.min(from, to), y: this.frame[1], width: Math.abs(to - from), height: this.frame[3] - this.frame[1] }));
  }

  pointer(shape) {
    if (this.point) this.point.remove();
    this.root.append(shape);
    this.point = shape;
  }

  nearest(u, values = this.stops) {
    let [low, high] = [0, values.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (values[middle] < u) low = middle;
      else high = middle;
    }
    return Math.abs(values[low] - u) <= Math.abs(values[high] - u) ? values[low] : values[high];
  }

  read(u) {
    if (u === undefined || !this.stops.length) return;
    this.cursor = u;
    const at = this.across.at(u);
    this.pointer(svg("line", { class: "cursor", x1: at, x2: at, y1: this.frame[1], y2: this.frame[3] }));
    const title = this.categories ? this.categories[Math.round(u)] : words(u, this.spec.x.scale);
    const parts = [html("span", {}, this.spec.x.scale === "date" || this.categories ? title : `${this.spec.x.label} ${title}`)];
    const near = (this.domain[1] - this.domain[0]) / 150;
    for (const mark of this.visible()) {
      if (mark.kind === "shade" || !mark.u.length) continue;
      const found = mark.kind === "points" ? u : this.nearest(u, mark.u);
      const n = mark.u.indexOf(found);
      if (n < 0 || Math.abs(found - u) > near) continue;
      const value = mark.kind === "band" ? `${words(mark.low[n])} to ${words(mark.high[n])}` : words(mark.y[n]);
      const error = mark.error && mark.error[n] !== null ? ` ± ${words(mark.error[n])}` : "";
      const more = mark.words ? ` ${mark.words[n]}` : "";
      if (value) parts.push(html("span", { class: mark.style }, html("i"), `${mark.name} ${value}${error}${more}`));
    }
    this.output.replaceChildren(...parts);
  }
}
Chart.count = 0;
