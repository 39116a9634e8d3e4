"use strict";
// Moves the region of practical equivalence and applies the declared rule to it. Nothing is requested or stored.
(() => {
  // Probability below a value: the quantiles are evenly spaced from the least draw to the largest.
  const below = (quantiles, value) => {
    const last = quantiles.length - 1;
    if (value <= quantiles[0]) return 0;
    if (value >= quantiles[last]) return 1;
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (quantiles[middle] < value) low = middle;
      else high = middle;
    }
    return (low + (value - quantiles[low]) / (quantiles[high] - quantiles[low])) / last;
  };

  // Margins by which each verdict's condition is met; the largest decides, and none met leaves it open.
  const judge = (data, low, high, p) => {
    const [from, to] = data.interval;
    const interval = data.rule === "interval";
    const t = data.threshold;
    const margins = {
      above: { non_inferior: interval ? high - to : 1 - p.above - t },
      below: { non_inferior: interval ? from - low : 1 - p.below - t },
      two_sided: {
        equivalent: interval ? Math.min(from - low, high - to) : p.inside - t,
        different_below: interval ? low - to : p.below - t,
        different_above: interval ? from - high : p.above - t,
      },
    }[data.side];
    const [word, margin] = Object.entries(margins).reduce((a, b) => (b[1] > a[1] ? b : a));
    if (margin >= 0) return word;
    return data.side === "two_sided" ? "undecided" : "not_shown";
  };

  // Never rounded across a mark: 0.7996 beside 0.80 stays 0.7996.
  const beside = (value, marks, decimals) => {
    for (let places = decimals; places < 6; places += 1) {
      const rounded = Number(value.toFixed(places));
      if (marks.every((mark) => Math.sign(rounded - mark) === Math.sign(value - mark))) return value.toFixed(places);
    }
    return value.toFixed(6);
  };
  const probability = (p, marks) => (p < 0.001 ? "<0.001" : p > 0.999 ? ">0.999" : beside(p, marks, 3));

  const start = (box) => {
    const data = JSON.parse(box.dataset.slider);
    const input = box.querySelector("input");
    const range = box.querySelector("output");
    const word = box.querySelector(".tried-word");
    const parts = [...box.querySelectorAll("[data-place]")];
    const changing = [range, word, ...parts.flatMap((part) => [...part.querySelectorAll(".share-label, .share-text")])];
    const declared = changing.map((each) => each.textContent);
    const widths = parts.map((part) => part.style.getPropertyValue("--share"));
    const limits = data.interval.map(Math.exp);

    const restore = () => {
      changing.forEach((each, place) => { each.textContent = declared[place]; });
      parts.forEach((part, place) => part.style.setProperty("--share", widths[place]));
    };
    const move = () => {
      const scale = Number(input.value);
      const [low, high] = [scale * data.low, scale * data.high];
      const p = { below: below(data.quantiles, low), above: 1 - below(data.quantiles, high) };
      p.inside = 1 - p.below - p.above;
      const text = { low: beside(Math.exp(low), limits, 2), high: beside(Math.exp(high), limits, 2) };
      range.textContent = `${text.low} to ${text.high}`;
      const verdict = judge(data, low, high, p);
      if (word.textContent !== data.words[verdict]) word.textContent = data.words[verdict];
      const marks = data.threshold === null ? [] : [data.threshold];
      parts.forEach((part) => {
        const place = part.dataset.place;
        part.style.setProperty("--share", p[place]);
        part.querySelectorAll(".share-label").forEach((each) => {
          each.textContent = data.places[place].replace("{low}", text.low).replace("{high}", text.high);
        });
        part.querySelectorAll(".share-text").forEach((each) => { each.textContent = probability(p[place], marks); });
      });
    };
    const update = () => {
      const isDeclared = Math.abs(Number(input.value) - 1) < 1e-9;
      if (isDeclared) restore();
      else move();
      box.classList.toggle("moved", !isDeclared);
      input.setAttribute("aria-valuetext", range.textContent);
    };
    input.addEventListener("input", update);
    box.querySelector("button").addEventListener("click", () => {
      input.value = "1";
      update();
      input.focus();
    });
    box.hidden = false;
    input.value = "1"; // a browser may remember where it was left
    update();
  };
  document.querySelectorAll("[data-slider]").forEach(start);

  // Paper cannot be unfolded.
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.part:not([open])").forEach((each) => { each.open = true; each.dataset.folded = ""; });
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll("details[data-folded]").forEach((each) => { each.open = false; delete each.dataset.folded; });
  });
})();
