// PEV2 in a sandboxed frame of its own: PEV2 renders parts of a plan as HTML, keeps its state in a module and in
// location.hash, and reads localStorage. The page sends one plan, {plan, query}, by postMessage.
import {createApp, type Component} from 'vue';
import {Plan} from 'pev2';
import 'bootstrap/dist/css/bootstrap.min.css';
import 'pev2/dist/pev2.css';
import './frame.css';

function provideStorage() {
  try {
    void window.localStorage.length;
  } catch {
    const values = new Map<string, string>();
    Object.defineProperty(window, 'localStorage', {
      value: {
        getItem: (key: string) => values.get(key) ?? null,
        setItem: (key: string, value: string) => void values.set(key, String(value)),
        removeItem: (key: string) => void values.delete(key),
        clear: () => values.clear(),
        key: () => null,
        length: 0,
      },
    });
  }
}

// A link to a fragment would load the frame's document again.
function keepFragmentsInside() {
  document.addEventListener(
    'click',
    (event) => {
      const link = (event.target as Element | null)?.closest?.('a[href^="#"]');
      if (!link) return;
      event.preventDefault();
      window.location.hash = link.getAttribute('href') ?? '';
    },
    true,
  );
}

provideStorage();
keepFragmentsInside();
let shown = false;
window.addEventListener('message', (event) => {
  if (event.source !== window.parent || shown || typeof event.data?.plan !== 'string') return;
  shown = true;  // a second plan would share the first one's state: the page makes a new frame
  createApp(Plan as unknown as Component, {planSource: event.data.plan, planQuery: String(event.data.query ?? '')}).mount('#plan');
});
window.parent.postMessage('ready', '*');
