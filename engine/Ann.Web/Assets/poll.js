// Asks again and again while a page is shown and its tab is looked at.

/**
 * Runs a look now and after every pause, until the page is left. What it throws is handed to failed; a refusal ends it, since it stays
 * one: who signs in opens the page anew.
 */
export function every(milliseconds, signal, look, failed = () => {}) {
  let timer = 0;
  let isRefused = false;
  const run = async () => {
    clearTimeout(timer);
    if (signal.aborted || isRefused)
      return;
    if (!document.hidden) {
      try {
        await look();
      } catch (error) {
        if (!signal.aborted && error.name !== 'AbortError')
          failed(error);
        isRefused = error.status === 401 || error.status === 403;
      }
    }
    if (!signal.aborted && !isRefused)
      timer = setTimeout(run, milliseconds);
  };
  document.addEventListener('visibilitychange', () => document.hidden || run(), { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  return run();
}
