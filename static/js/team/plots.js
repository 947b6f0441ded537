// The report's plots: uPlot draws what the page brings along, in the page's own colours.
// Owns no figures: the tables beside the plots hold the same ones.

const plots = new Map(); // its place on the page -> the plot

// The tokens are light-dark() pairs; what they are now is what the key's line is painted with.
function colour(section, line) {
  const key = section.querySelector(`.keys .${line.hue} i`);
  return getComputedStyle(key ?? section).color;
}

function shown(value, unit) {
  if (value == null) return "–";
  if (unit === "percent") return `${value} %`;
  if (unit === "count") return value >= 10_000 ? `${Math.round(value / 1000)}k` : `${value}`;
  if (value < 60) return `${Math.round(value * 10) / 10} s`;
  if (value < 3600) return `${Math.round(value / 60)} min`;
  return value < 48 * 3600 ? `${Math.round(value / 360) / 10} h` : `${Math.round(value / 8640) / 10} d`;
}

function draw(place) {
  plots.get(place)?.destroy();
  const given = JSON.parse(place.dataset.plot);
  const section = place.closest(".plot");
  const quiet = getComputedStyle(place).color;
  const rule = getComputedStyle(section).borderTopColor;
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", timeZone: "UTC" });
  const lines = given.lines.slice(0, 4);
  const axis = { stroke: quiet, grid: { stroke: rule, width: 1 }, ticks: { show: false }, font: "11px system-ui", gap: 4 };
  const options = {
    width: place.clientWidth,
    height: place.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, Math.max(1, (high ?? 0) * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 60, incrs: [1, 2, 7, 14, 30, 60, 90],
        values: (_plot, ticks) => ticks.map((tick) => day.format(new Date(given.days[tick] ?? given.days[0]))) },
      { ...axis, size: 48, space: 36, values: (_plot, ticks) => ticks.map((tick) => (Number.isInteger(tick) || given.unit !== "count" ? shown(tick, given.unit) : "")) },
    ],
    series: [{}, ...lines.map((line) => ({
      label: line.name,
      stroke: colour(section, line),
      width: 2,
      dash: line.dashed ? [5, 4] : undefined,
      points: { show: given.days.length < 32, size: 4 },
      spanGaps: false,
    }))],
    hooks: { setCursor: [(plot) => tell(place, given, lines, plot.cursor.idx, day)] },
  };
  const data = [given.days.map((_day, index) => index), ...lines.map((line) => line.values)];
  plots.set(place, new uPlot(options, data, place));
}

// What stands under the pointer is said in the title, for those who look; the table says it to everybody.
function tell(place, given, lines, index, day) {
  if (index == null) return place.removeAttribute("title");
  const values = lines.map((line) => `${line.name}: ${shown(line.values[index], given.unit)}`);
  place.title = [day.format(new Date(given.days[index])), ...values].join("\n");
}

const places = document.querySelectorAll("[data-plot]");
const redraw = () => places.forEach(draw);
redraw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
let timer = null;
new ResizeObserver(() => {
  clearTimeout(timer);
  timer = setTimeout(redraw, 100);
}).observe(document.querySelector(".plots"));
