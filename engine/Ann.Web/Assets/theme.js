// Runs before anything is drawn: the theme that was chosen, or else the system's.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('ann.theme');
  } catch {
    // Storage is switched off: the system decides.
  }
  if (chosen === 'light' || chosen === 'dark')
    document.documentElement.dataset.theme = chosen;
})();
