// Can a 2D canvas blend? Every browser with WebGL 2 can: said in place of Pixi's trial, see vite.config.ts.

export function canUseNewCanvasBlendModes(): boolean {
  return true;
}
