"use strict";
// Looks again every few seconds while anything is open. What is new takes the place of what was there, part by part, so that what was
// typed, sorted and scrolled stays.
(() => {
  const box = document.getElementById("live");
  if (!box) return;
  const rest = Number(box.dataset.seconds) * 1000;
  const replaced = (old, next) => {
    const at = document.activeElement;
    const name = old.contains(at) ? at.getAttribute("href") ?? at.getAttribute("aria-label") : null;
    const scrolled = [...old.querySelectorAll(".scroll")].map((part) => [part.scrollLeft, part.scrollTop]);
    old.replaceChildren(...next.childNodes);
    [...old.querySelectorAll(".scroll")].forEach((part, index) => part.scrollTo(...(scrolled[index] ?? [0, 0])));
    if (name === null) return;
    const same = [...old.querySelectorAll("[href], [aria-label]")];
    same.find((one) => [one.getAttribute("href"), one.getAttribute("aria-label")].includes(name))?.focus();
  };
  const show = (page) => {
    document.querySelectorAll("[data-live]").forEach((old) => {
      const next = page.getElementById(old.id);
      if (next && next.innerHTML !== old.innerHTML) replaced(old, next);
    });
    document.dispatchEvent(new Event("rows"));
    // Nothing is open any more.
    if (!page.getElementById("live")) box.closest("p").remove();
  };
  const look = async () => {
    if (!box.isConnected) return;
    if (box.checked && !document.hidden) {
      try {
        const answer = await fetch(location.href, { cache: "no-store" });
        if (!answer.ok) throw new Error(String(answer.status));
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch {
        const made = document.getElementById("made");
        if (!made.querySelector(".odd")) {
          const told = document.createElement("b");
          told.className = "odd";
          told.textContent = " No answer: this is how it was.";
          made.append(told);
        }
      }
    }
    setTimeout(look, rest);
  };
  setTimeout(look, rest);
})();
