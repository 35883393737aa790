// What can be measured of a page's looks? Called by the tests, in the browser.
(() => {
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const nameOf = (element) => element.id || `${element.tagName} ${element.textContent.trim().slice(0, 20)}`;
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const toColor = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  };
  const mix = (over, under) => over.rgb.map((part, at) => part * over.alpha + under[at] * (1 - over.alpha));
  const behind = (element) => {
    if (element === null) return [255, 255, 255];
    const color = toColor(getComputedStyle(element).backgroundColor);
    return color.alpha > 0.99 ? color.rgb : mix(color, behind(element.parentElement));
  };
  const brightness = (rgb) => {
    const [red, green, blue] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const texts = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set();
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const isText = walker.currentNode.textContent.trim() !== "" && !["SCRIPT", "STYLE"].includes(element.tagName);
      if (isText && isSeen(element)) found.add(element);
    }
    return [...found];
  };

  window.looks = {
    /** Text with less contrast to what lies behind it than `least`. */
    faint: (least) => texts().flatMap((element) => {
      const back = behind(element);
      const text = brightness(mix(toColor(getComputedStyle(element).color), back));
      const ground = brightness(back);
      const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      return contrast < least ? [`${nameOf(element)}: ${contrast.toFixed(2)}`] : [];
    }),

    /** Text that does not fit where it is, beside what scrolls, and text smaller than 10 pixels. */
    cut: () => texts().flatMap((element) => {
      const style = getComputedStyle(element);
      const isClipped = element.scrollWidth > element.clientWidth + 1 && style.display !== "inline" && style.overflowX !== "auto";
      const isSmall = parseFloat(style.fontSize) < 10;
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const isScrolled = getComputedStyle(document.body).overflowY === "auto" || element.closest(".scroll, .agent, .legend, .market, dialog") !== null;
      const isOut = left < -1 || right > innerWidth + 1 || (!isScrolled && (top < -1 || bottom > innerHeight + 1));
      return isClipped || isSmall || isOut ? [nameOf(element)] : [];
    }),

    /** Parts beside each other that lie over each other. */
    overlaps: () => {
      const groups = ["body > *", ".top > *", ".left > *", ".right > *", "main > *", ".controls > *", ".tabs > *", ".facts > *", ".meter > *"];
      return groups.flatMap((group) => {
        // What sticks to the window's edge is meant to lie over what is scrolled.
        const isBeside = (part) => !["SCRIPT", "DIALOG"].includes(part.tagName) && getComputedStyle(part).position !== "sticky";
        const parts = [...document.querySelectorAll(group)].filter((part) => isSeen(part) && isBeside(part));
        return parts.flatMap((one, at) => parts.slice(at + 1).flatMap((other) => {
          const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
          const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          return wide > 1 && high > 1 ? [`${nameOf(one)} and ${nameOf(other)}`] : [];
        }));
      });
    },

    /** What the keyboard should reach. */
    controls: () => [...document.querySelectorAll("button, input, [tabindex='0']")].filter(isSeen).map(nameOf),
    focused: () => {
      const element = document.activeElement;
      if (element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { name: nameOf(element), isRinged: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 };
    },
  };
})();
