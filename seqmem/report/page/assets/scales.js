"use strict";

/* Nodes, numbers in words, and scales from values to pixels. */

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function html(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const DAY = 86400000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function words(value, scale) {
  if (value === null || value === undefined) return "";
  if (scale === "date") return new Date(value * DAY).toISOString().slice(0, 10);
  if (typeof value !== "number") return String(value);
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e7)) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)));
}

function linearTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) found.push(Number((n * step).toPrecision(12)));
  return found.map((value) => [value, words(value)]);
}

function logTicks(low, high, count) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, count)));
  const found = [];
  const within = last - first < 2 ? [1, 2, 5] : [1];
  for (let n = first - 1; n <= last; n += n < first ? 1 : every)
    for (const each of within) {
      const value = Number((each * 10 ** n).toPrecision(6));
      if (value >= low * 0.999 && value <= high * 1.001) found.push([value, words(value)]);
    }
  return found.length > 1 ? found : linearTicks(low, high, count).filter(([value]) => value > 0);
}

function dateTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const found = [];
  if (rough < 20) {
    const step = [1, 2, 7, 14].find((each) => each >= rough) || 14;
    for (let day = Math.ceil(low / step) * step; day <= high; day += step) {
      const date = new Date(day * DAY);
      found.push([day, `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`]);
    }
    return found;
  }
  const step = [1, 3, 6, 12, 24, 60, 120, 240].find((each) => each * 30.4 >= rough) || 480;
  const start = new Date(low * DAY);
  let month = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
  for (; ; month += step) {
    const day = Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY;
    if (day > high) return found;
    const year = Math.floor(month / 12);
    if (day >= low) found.push([day, step >= 12 ? String(year) : `${MONTHS[month % 12]} ${year}`]);
  }
}

/* A scale: at(value) is a pixel, back(pixel) a value, ticks() pairs of value and label. */
function makeScale(kind, low, high, from, to, categories) {
  if (kind === "category") {
    const room = (to - from) / categories.length;
    return {
      at: (value) => from + (value + 0.5) * room,
      back: (pixel) => (pixel - from) / room - 0.5,
      ticks: () => categories.map((name, n) => [n, name]),
    };
  }
  const bend = kind === "log" ? Math.log : (value) => value;
  const unbend = kind === "log" ? Math.exp : (value) => value;
  const [first, last] = [bend(low), bend(high)];
  const span = last - first || 1;
  return {
    at: (value) => from + ((bend(value) - first) / span) * (to - from),
    back: (pixel) => unbend(first + ((pixel - from) / (to - from)) * span),
    ticks: (count) => ({ log: logTicks, date: dateTicks }[kind] || linearTicks)(low, high, count),
  };
}

/* The lowest and the highest of values, with some room; something to draw even where there is none. */
function extent(values, kind, room = 0, zero = false) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined || (kind === "log" && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return kind === "log" ? [0.1, 1] : [0, 1];
  if (kind === "log") return low === high ? [low / 2, high * 2] : [low / (high / low) ** room, high * (high / low) ** room];
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  const more = (high - low) * room;
  return [zero ? Math.min(0, low) : low - more, high + more];
}

/* Labels that would run into the one before are left out. */
function apart(ticks, at, width) {
  let end = -Infinity;
  return ticks.filter(([value, label]) => {
    const half = (width ? String(label).length * 6.6 : 14) / 2 + 4;
    if (Math.abs(at(value) - end) < half || (width && at(value) - half < end)) return false;
    end = width ? at(value) + half : at(value);
    return true;
  });
}
