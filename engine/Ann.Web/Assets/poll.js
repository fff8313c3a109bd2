// Asks again and again while a page is shown and its tab is looked at.

/** Runs a look now and after every pause, until the page is left. What it throws is handed to failed. */
export function every(milliseconds, signal, look, failed = () => {}) {
  let timer = 0;
  const run = async () => {
    clearTimeout(timer);
    if (signal.aborted)
      return;
    if (!document.hidden) {
      try {
        await look();
      } catch (error) {
        if (!signal.aborted && error.name !== 'AbortError')
          failed(error);
      }
    }
    if (!signal.aborted)
      timer = setTimeout(run, milliseconds);
  };
  document.addEventListener('visibilitychange', () => document.hidden || run(), { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  return run();
}
