"use strict";

// Theme: as the system has it, until the reader chooses.
{
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  system.addEventListener("change", label);
  label();
}

// Tables: a click on a heading sorts. Rows whose first cell is empty belong to the row above and move with it.
{
  const number = (text) => {
    const found = text.replace(/\u2212/g, "-").replace(/(\d)[\u202f\u00a0,](?=\d{3})/g, "$1").match(/[-+]?\d+(\.\d+)?(e[-+]?\d+)?/i);
    return found ? Number(found[0]) : null;
  };
  const collator = new Intl.Collator("en", { numeric: true });
  const compare = (column, numeric, sign) => (a, b) => {
    const [left, right] = [a, b].map((group) => group[0].cells[column].textContent.trim());
    const [x, y] = numeric ? [number(left), number(right)] : [left || null, right || null];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (numeric ? x - y : collator.compare(x, y));
  };
  for (const table of document.querySelectorAll("table")) {
    const body = table.tBodies[0];
    const groups = [];
    for (const row of body.rows) {
      if (groups.length && !row.cells[0].textContent) groups[groups.length - 1].push(row);
      else groups.push([row]);
    }
    if (groups.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const order = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        const numeric = head.classList.contains("right");
        const sorted = [...groups].sort(compare(column, numeric, order === "ascending" ? 1 : -1));
        body.append(...sorted.flat());
      });
    });
  }
}

// Figures: a click shows one as wide as the window, or wider on a small screen; + and − change that.
{
  const lightbox = document.getElementById("lightbox");
  const stage = lightbox.querySelector(".stage");
  let width = 0;
  const resize = () => { stage.firstElementChild.style.width = `${width}px`; };
  for (const button of document.querySelectorAll("button.zoom")) {
    button.addEventListener("click", () => {
      const picture = button.firstElementChild;
      const box = picture.getBoundingClientRect();
      stage.replaceChildren(picture.cloneNode(true));
      lightbox.showModal();
      const room = [stage.clientWidth - 16, stage.clientHeight - 16]; // its padding
      const whole = Math.min(room[0], (room[1] * box.width) / box.height);
      width = Math.max(whole, Math.min(720, 2 * box.width));
      resize();
      stage.scrollTo(0, 0);
      stage.focus();
    });
  }
  lightbox.addEventListener("click", (event) => {
    const { factor } = event.target.dataset;
    if (factor) { width *= Number(factor); resize(); }
    else if ("close" in event.target.dataset || event.target === stage) lightbox.close();
  });
}
