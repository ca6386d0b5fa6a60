import {createApp} from 'vue';
import App from './App.vue';
import {followFragment} from './route';
import {readReport, withVisibleMarks} from './report';
import './style.css';

function embeddedReport(): unknown {
  try {
    return JSON.parse(withVisibleMarks(document.getElementById('pgadvise-report')?.textContent ?? ''));
  } catch {
    return null;
  }
}

followFragment();
createApp(App, {model: readReport(embeddedReport())}).mount('#app');
