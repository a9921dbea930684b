// What the checks ask of a page: the contrast of its texts and of its picture, and the size of what can be pressed.
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [red, green, blue] = channels(colour).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  // What is behind an element: the first of its ancestors that is not seen through.
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] === 255) return colour;
    }
    return "white";
  };
  const ratio = (one, two) => {
    const [dark, bright] = [light(one), light(two)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const seen = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() && !element.closest("svg, script, style") && seen(element)) {
      texts.push([ratio(getComputedStyle(element).color, behind(element)), walk.currentNode.data.trim().slice(0, 40)]);
    }
  }
  const shapes = [...document.querySelectorAll("svg rect, svg text")].map((shape) => [
    ratio(getComputedStyle(shape).fill, behind(shape.ownerSVGElement)),
    shape.getAttribute("class") ?? shape.textContent,
    shape.localName,
  ]);
  const pressed = [...document.querySelectorAll("button, input, a, summary, select")].filter(seen).map((element) => {
    const { width, height } = element.getBoundingClientRect();
    return [Math.min(width, height), element.textContent || element.id];
  });
  return { texts, shapes, pressed };
})();
