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
const TITLES = ['老桥桥面裂缝', '水渠边坡松动', '晒场电线低垂', '村口路灯杆倾斜', '堰塘护栏缺失'];

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
 * In the page: does `act` and waits for the frame after `seen` has so many elements. Both name test ids; `#/…` is an
 * address.
 */
async function shown({ act, seen, least }) {
  const found = () => document.querySelectorAll(`[data-testid="${seen}"]`).length;
  // The page before has come to rest: nobody taps while it is still being drawn.
  for (let rest = 0; rest < 3; rest += 1) await new Promise(requestIdleCallback);
  const start = performance.now();
  if (act.startsWith('#')) window.location.hash = act;
  else document.querySelector(`[data-testid="${act}"]`).click();
  while (found() < least) await new Promise(requestAnimationFrame);
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

/** Reports go their way to the call-back; the desk that may close them. */
async function answered(town, browser) {
  const at = async (user) => Desk.open(await browser.device(DESK), town.origin, user);
  const each = async (desk, work) => {
    for (const title of TITLES) {
      await desk.find(title);
      await work(desk);
    }
  };
  const reporter = await Phone.open(await browser.device(PHONE), town.origin, 'zhuli02');
  for (const desc of TITLES) await reporter.hazard({ desc });
  await reporter.synced();
  const category = { category: 'cut_slope', subtype: 'cut_slope.1', level: 'blue', duplicate_checked: true };
  await each(await at('dengji01'), (intake) => intake.act('register', category));
  const there = { lead_unit: 'yjb', text: '请三天内到场' };
  await each(await at('fenpai01'), (dispatcher) => dispatcher.act('dispatch', there));
  await each(await at('yjb01'), async (unit) => {
    await unit.act('claim', { related: false });
    await unit.act('start');
    await unit.act('finish', { text: '已填封', photo_after: photo(4), rect_result: '已整改' });
    await unit.act('feed_back', { channel: 'phone', text: '裂缝已处理' });
  });
  const clerk = await at('huifang01');
  await each(clerk, () => clerk.act('call_back', { mode: 'phone', person: '周桂兰', reached: true }));
  return clerk;
}

/**
 * In the page: saves the step that stands open. How long until the frame in which its dialog is gone, and until the
 * frame in which the record stands in `state`.
 */
async function saved(state) {
  const frame = () => new Promise(requestAnimationFrame);
  const start = performance.now();
  document.querySelector('[data-testid="action-save"]').click();
  while (document.querySelector('[data-testid="action-save"]')) await frame();
  await frame();
  const gone = performance.now() - start;
  while (!document.querySelector(`[data-testid="detail-state"][data-state="${state}"]`)) await frame();
  await frame();
  return { gone, told: performance.now() - start };
}

async function desk(report, town, browser) {
  const clerk = await answered(town, browser);
  const closings = [];
  for (const title of TITLES) {
    await clerk.find(title);
    await slow(clerk.page, SLOW_CPU);
    await clerk.id('action-satisfied').first().click();
    await clerk.id('action-save').waitFor();
    await clerk.answer('rating', 'satisfied');
    closings.push(await clerk.page.evaluate(saved, 'closed'));
    await slow(clerk.page, 1);
  }
  report.figure('desk, a hazard is closed, CPU x6', 'ms', median(closings.map((one) => one.gone)));
  report.figure('desk, its record says so, CPU x6', 'ms', median(closings.map((one) => one.told)));
  await slow(clerk.page, SLOW_CPU);
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
