"use strict";
(() => {
  const body = document.getElementById("targets").tBodies[0];
  const count = document.getElementById("count");
  const heads = [...document.querySelectorAll("#targets thead th")];
  const text = (row, column) => row.cells[column].textContent;
  heads.forEach((head, column) => {
    head.firstElementChild.addEventListener("click", () => {
      const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      // What is empty is last in both ways.
      const order = (one, two) =>
        (one === "") - (two === "") || way * one.localeCompare(two, "en", { numeric: true });
      body.append(...[...body.rows].sort((one, two) => order(text(one, column), text(two, column))));
    });
  });
  document.getElementById("filter").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    const rows = [...body.rows];
    rows.forEach((row) => (row.hidden = !row.textContent.toLowerCase().includes(wanted)));
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} targets`;
  });
})();
