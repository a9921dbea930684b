"use strict";
(() => {
  const heads = () => [...document.querySelectorAll("#targets thead th")];
  const rows = () => [...document.querySelectorAll("#targets tbody tr")];
  const sort = () => {
    const column = heads().findIndex((head) => head.hasAttribute("aria-sort"));
    if (column < 0) return;
    const way = heads()[column].getAttribute("aria-sort") === "ascending" ? 1 : -1;
    const text = (row) => row.cells[column].textContent;
    // What is empty is last in both ways.
    const order = (one, two) =>
      (one === "") - (two === "") || way * one.localeCompare(two, "en", { numeric: true });
    document.getElementById("targets").tBodies[0].append(...rows().sort((one, two) => order(text(one), text(two))));
  };
  const filter = () => {
    const wanted = document.getElementById("filter").value.toLowerCase();
    const all = rows();
    all.forEach((row) => (row.hidden = !row.textContent.toLowerCase().includes(wanted)));
    const count = document.getElementById("count");
    count.textContent = `${all.filter((row) => !row.hidden).length} of ${all.length} ${count.dataset.of}`;
  };
  heads().forEach((head) => {
    head.firstElementChild.addEventListener("click", () => {
      const way = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      heads().forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", way);
      sort();
    });
  });
  document.getElementById("filter").addEventListener("input", filter);
  // Others came: they stand as those before them did.
  document.addEventListener("rows", () => {
    sort();
    if (document.getElementById("filter").value) filter();
  });
})();
