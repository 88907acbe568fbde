// What a hand waits for, on a slow processor with 1,000 records: a list opens, a form takes a key, a hazard is closed.
// From the tap to the frame that shows the answer, median of many.

import { Agent } from 'node:http';
import { Browser, DESK, PHONE } from '../../browser/harness/browser.mjs';
import { Desk } from '../../browser/harness/desk.mjs';
import { Phone } from '../../browser/harness/phone.mjs';
import { photo } from '../../browser/harness/photo.mjs';
import { PASSWORD, Server } from '../../browser/harness/server.mjs';
import { SLOW_CPU, slow } from '../browser.mjs';
import { bodies, push } from '../contract.mjs';
import { hazards } from '../records.mjs';
import { median } from '../report.mjs';

const HAZARDS = 1000;
const TIMES = 5;
/** Rows that fill a screen. */
const ROWS = 5;
const TITLE = '老桥桥面裂缝';

/** Puts 1,000 reports of one person at the server. */
async function fill(origin, seed, user) {
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ user, password: PASSWORD, device: 'bench' });
  const answer = await fetch(`${origin}/api/sign-in`, { method: 'POST', headers: json, body });
  if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
  const { token, profile } = await answer.json();
  const { area } = profile.actor.assignments[0];
  const agent = new Agent({ keepAlive: true });
  let stored = 0;
  for (const part of bodies(user, hazards(seed, HAZARDS, area))) stored += await push(agent, origin, token, part);
  agent.destroy();
  if (stored !== HAZARDS) throw new Error(`the server stored ${stored} of ${HAZARDS} hazards`);
}

/**
 * In the page: does `act` and waits for the frame after `seen` has so many elements (0: has none). Both name test ids;
 * `#/…` is an address.
 */
async function shown({ act, seen, least }) {
  const found = () => document.querySelectorAll(`[data-testid="${seen}"]`).length;
  const there = () => (least === 0 ? found() === 0 : found() >= least);
  const start = performance.now();
  if (act.startsWith('#')) window.location.hash = act;
  else document.querySelector(`[data-testid="${act}"]`).click();
  while (!there()) await new Promise(requestAnimationFrame);
  // It was there before this frame; the next begins when this one is painted.
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}

/** In the page: one more character in a field, to the frame after it. */
async function typed(name) {
  const field = document.querySelector(`[data-testid="${name}"]`);
  const start = performance.now();
  field.value += '缝';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return performance.now() - start;
}

async function phone(report, town, browser) {
  const one = await Phone.open(await browser.device(PHONE), town.origin, 'zhuli01');
  await slow(one.page, SLOW_CPU);
  const lists = [];
  const keys = [];
  for (let time = 0; time < TIMES; time += 1) {
    await one.go('me');
    lists.push(await one.page.evaluate(shown, { act: '#/records', seen: 'record-row', least: ROWS }));
  }
  await one.go('hazard/new');
  await one.id('field-desc').waitFor();
  for (let time = 0; time < 4 * TIMES; time += 1) keys.push(await one.page.evaluate(typed, 'field-desc'));
  report.figure('phone, list of 1,000 records, CPU x6', 'ms', median(lists));
  report.figure('phone, a key in a form, CPU x6', 'ms', median(keys));
}

/** A report goes its way to the call-back; the desk that may close it. */
async function answered(town, browser) {
  const at = async (user) => Desk.open(await browser.device(DESK), town.origin, user);
  const reporter = await Phone.open(await browser.device(PHONE), town.origin, 'zhuli02');
  await reporter.hazard({ desc: TITLE });
  await reporter.synced();
  const intake = await at('dengji01');
  await intake.find(TITLE);
  await intake.act('register', { category: 'cut_slope', subtype: 'cut_slope.1', level: 'blue', duplicate_checked: true });
  const dispatcher = await at('fenpai01');
  await dispatcher.find(TITLE);
  await dispatcher.act('dispatch', { lead_unit: 'yjb', text: '请三天内到场' });
  const unit = await at('yjb01');
  await unit.find(TITLE);
  await unit.act('claim');
  await unit.act('start');
  await unit.act('finish', { text: '已填封', photo_after: photo(4), rect_result: '已整改' });
  await unit.act('feed_back', { channel: 'phone', text: '裂缝已处理' });
  const clerk = await at('huifang01');
  await clerk.find(TITLE);
  await clerk.act('call_back', { mode: 'phone', person: '周桂兰', reached: true });
  return clerk;
}

async function desk(report, town, browser) {
  const clerk = await answered(town, browser);
  await slow(clerk.page, SLOW_CPU);
  await clerk.id('action-satisfied').first().click();
  await clerk.id('action-save').waitFor();
  await clerk.answer('rating', 'satisfied');
  const closing = await clerk.page.evaluate(shown, { act: 'action-save', seen: 'action-save', least: 0 });
  await clerk.reaches('closed');
  report.figure('desk, a hazard is closed, CPU x6', 'ms', closing);
  const lists = [];
  for (let time = 0; time < TIMES; time += 1) {
    await clerk.go('me');
    await clerk.id('queue-search').waitFor({ state: 'detached' });
    await clerk.go('queue');
    // Little is sent back: less than a screen, before the list of everything is asked for.
    await clerk.id('queue-tab-redo').click();
    const few = (most) => document.querySelectorAll('[data-testid="queue-row"]').length < most;
    await clerk.page.waitForFunction(few, ROWS);
    lists.push(await clerk.page.evaluate(shown, { act: 'queue-tab-all', seen: 'queue-row', least: ROWS }));
  }
  report.figure('desk, list of 1,000 records, CPU x6', 'ms', median(lists));
}

export async function work(report, { seed }) {
  const town = await Server.start();
  const browser = await Browser.launch();
  try {
    await fill(town.origin, seed, 'zhuli01');
    await phone(report, town, browser);
    await desk(report, town, browser);
  } finally {
    await browser.close();
    await town.stop();
  }
}
