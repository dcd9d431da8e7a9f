/* Draw every figure as wide as its place, again when that changes, and for print. */

const figures = [
  ...[...document.querySelectorAll("figure.chart")].map((figure) => new Chart(figure)),
  ...[...document.querySelectorAll("figure.parallel")].map((figure) => new Parallel(figure)),
];
document.querySelectorAll("table").forEach(sortable);
const redraw = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const figure = figures.find((each) => each.canvas === entry.target);
    const width = Math.floor(entry.contentRect.width);
    if (width > 0 && width !== figure.width) figure.draw((figure.width = width));
  }
});
figures.forEach((figure) => redraw.observe(figure.canvas));
window.addEventListener("beforeprint", () => figures.forEach((figure) => figure.draw(680)));
window.addEventListener("afterprint", () => figures.forEach((figure) => figure.draw()));
document.documentElement.dataset.ready = "yes";
