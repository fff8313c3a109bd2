// Frame of the console: which page a path names, the links between pages, theme and credential.

import { credential, setCredential, whenRefused } from './calls.js';
import { field, h, notice, put, tell } from './dom.js';

// A page is loaded when it is first opened.
const pages = [
  { path: '', title: 'Indexes', load: () => import('./page-indexes.js') },
  { path: 'live', title: 'Live', load: () => import('./page-live.js') },
  { path: 'query', title: 'Query', load: () => import('./page-query.js') },
  { path: 'encoders', title: 'Encoders', load: () => import('./page-encoders.js') },
  { path: 'sets', title: 'Sets', load: () => import('./page-sets.js') },
  { path: 'slow', title: 'Slow queries', load: () => import('./page-slow.js') },
  { path: 'api', title: 'API', load: () => import('./page-api.js') },
];
const indexPage = { path: 'indexes', title: 'Index', load: () => import('./page-index.js') };

const main = document.getElementById('main');
const nav = document.getElementById('nav');
let leaving = new AbortController();

/** Opens a path of the console. */
export function go(path) {
  history.pushState(null, '', path);
  return show(true);
}

async function show(moved) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [, , first = '', ...rest] = location.pathname.split('/').map(decodeURIComponent);
  const page = first === indexPage.path && rest[0] ? indexPage : pages.find(one => one.path === first);
  put(nav, pages.map(one => h('a', {
    href: one.path ? `/console/${one.path}` : '/console', 'data-link': true,
    'aria-current': one === page || (page === indexPage && one.path === '') ? 'page' : null,
  }, one.title)));
  nav.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  if (!page) {
    put(main, h('h1', {}, 'No such page'), h('p', {}, 'The console has no page at this address.'));
    return;
  }
  document.title = `${page === indexPage ? rest[0] : page.title} – AnnServer`;
  main.setAttribute('aria-busy', 'true');
  try {
    const code = await page.load();
    if (signal.aborted)
      return;
    put(main);
    await code.show(main, { signal, name: rest[0], query: new URLSearchParams(location.search), go });
  } catch (error) {
    if (error.name === 'AbortError' || signal.aborted)
      return;
    if (!main.querySelector('h1'))
      put(main, h('h1', {}, page === indexPage ? rest[0] : page.title));
    const message = error instanceof TypeError ? 'The page could not be loaded: the server cannot be reached.' : error.message;
    main.append(notice('bad', message, ' ', h('button', { type: 'button', class: 'link', onclick: () => show(false) }, 'Try again')));
  }
  main.removeAttribute('aria-busy');
  if (moved) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
    tell(`${document.title.split(' – ')[0]} page`);
  }
}

document.addEventListener('click', event => {
  const link = event.target.closest('a[data-link]');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
    return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
addEventListener('popstate', () => show(true));

// Theme: as the system has it, or as somebody chose.
const themes = ['auto', 'light', 'dark'];
const themeButton = document.getElementById('theme');
function useTheme(theme) {
  if (theme === 'auto')
    delete document.documentElement.dataset.theme;
  else
    document.documentElement.dataset.theme = theme;
  themeButton.lastChild.textContent = theme[0].toUpperCase() + theme.slice(1);
}
useTheme(document.documentElement.dataset.theme ?? 'auto');
themeButton.addEventListener('click', () => {
  const next = themes[(themes.indexOf(document.documentElement.dataset.theme ?? 'auto') + 1) % themes.length];
  useTheme(next);
  try {
    localStorage.setItem('ann.theme', next);
  } catch {
    // It holds for this page alone.
  }
});

// The credential is kept by this tab alone, and sent as a header: no other site's page can make a browser send it.
const sign = document.getElementById('sign');
function showSign() {
  sign.textContent = credential() ? 'Sign out' : 'Sign in';
}
function askForCredential(reason) {
  if (document.querySelector('dialog[open]'))
    return;
  const input = h('input', { type: 'password', autocomplete: 'off', spellcheck: 'false', required: true, class: 'mono' });
  const dialog = h('dialog', { 'aria-labelledby': 'sign-title', onclose: () => dialog.remove() },
    h('form', {
      method: 'dialog', onsubmit: () => {
        setCredential(input.value.trim());
        showSign();
        show(false);
      },
    },
    h('h2', { id: 'sign-title' }, 'Sign in'),
    reason && h('p', { class: 'soft' }, reason),
    field('API key or token', input, 'Kept by this tab until it is closed.'),
    h('div', { class: 'row' },
      h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      h('button', { class: 'strong' }, 'Sign in'))));
  document.body.append(dialog);
  dialog.showModal();
}
sign.addEventListener('click', () => {
  if (!credential()) {
    askForCredential();
    return;
  }
  setCredential(null);
  showSign();
  show(false);
});
whenRefused(() => askForCredential('The server wants to know who asks.'));
showSign();
show(false);
