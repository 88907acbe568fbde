/* Runs before the first paint, on every page, in old JavaScript so that an engine
   that cannot run the app can still say so. It
   - applies the stored look (theme, large text),
   - says plainly when the engine is too old or a file did not arrive,
   - registers the service worker and reports updates; it reloads only when asked,
   - keeps the install prompt until the app wants it. */
(function () {
  "use strict";

  var root = document.documentElement;
  var script = document.currentScript;
  var base = script && script.src ? script.src.replace(/[^\/]*$/, "") : "/";
  var COLOURS = { light: "#0b5f4b", dark: "#12211c", sun: "#00402f" };

  /* ---- a file that was opened with the app ---- */

  if ("launchQueue" in window) {
    window.launchQueue.setConsumer(function (launch) {
      if (launch.files && launch.files.length > 0) {
        window.gridbookFile = launch.files[0];
        window.location.hash = "#/me/carry";
      }
    });
  }

  /* ---- look ---- */

  function read(key) {
    try {
      return window.localStorage.getItem(key);
    } catch (_) {
      return null;
    }
  }

  function write(key, value) {
    try {
      if (value === null) {
        window.localStorage.removeItem(key);
      } else {
        window.localStorage.setItem(key, value);
      }
    } catch (_) {
      /* A look that is not remembered is no reason to stop. */
    }
  }

  function apply() {
    var theme = read("gridbook.theme");
    var known = Object.prototype.hasOwnProperty.call(COLOURS, theme || "");
    if (known) {
      root.setAttribute("data-theme", theme);
    } else {
      root.removeAttribute("data-theme");
    }
    if (read("gridbook.text") === "large") {
      root.setAttribute("data-text", "large");
    } else {
      root.removeAttribute("data-text");
    }
    var metas = document.querySelectorAll('meta[name="theme-color"]');
    for (var i = 0; i < metas.length; i += 1) {
      var media = metas[i].getAttribute("media") || "";
      var system = media.indexOf("dark") >= 0 ? COLOURS.dark : COLOURS.light;
      metas[i].setAttribute("content", known ? COLOURS[theme] : system);
    }
  }

  window.gridbookDisplay = function (look) {
    if (look) {
      if (typeof look.theme === "string") {
        write("gridbook.theme", look.theme === "auto" ? null : look.theme);
      }
      if (typeof look.text === "string") {
        write("gridbook.text", look.text === "large" ? "large" : null);
      }
      apply();
    }
    return { theme: root.getAttribute("data-theme") || "auto", text: root.getAttribute("data-text") || "normal" };
  };

  apply();
  window.addEventListener("storage", function (event) {
    if (event.key === null || event.key.indexOf("gridbook.t") === 0) {
      apply();
    }
  });

  /* ---- what a start with an account waits for; who has to sign in first is not kept waiting for it ---- */

  if (read("gridbook.accounts") !== null) {
    var ask = document.createElement("link");
    ask.rel = "preload";
    ask.href = base + "package.json";
    ask.as = "fetch";
    ask.crossOrigin = "anonymous";
    document.head.appendChild(ask);
  }

  function announce(name) {
    var event;
    try {
      event = new CustomEvent(name);
    } catch (_) {
      event = document.createEvent("CustomEvent");
      event.initCustomEvent(name, false, false, null);
    }
    window.dispatchEvent(event);
  }

  /* ---- can this engine run the app? ---- */

  /* A module with one table of references: the youngest feature that the app's code needs. */
  function hasEngine() {
    try {
      return (
        "noModule" in script &&
        typeof window.indexedDB === "object" &&
        window.indexedDB !== null &&
        typeof BigInt === "function" &&
        WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 111, 0, 0]))
      );
    } catch (_) {
      return false;
    }
  }

  /* Whether the app has drawn anything: until then a failure is ours to tell. */
  function isMounted() {
    var app = document.getElementById("app");
    return app !== null && app.firstElementChild !== null;
  }

  function mark(name) {
    if (!isMounted()) {
      root.classList.add(name);
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    var again = document.getElementById("boot-again");
    if (again) {
      again.addEventListener("click", function () {
        window.location.reload();
      });
    }
  });

  if (!hasEngine()) {
    root.classList.add("is-unsupported");
  } else {
    window.setTimeout(mark, 8000, "is-slow");
    window.addEventListener(
      "error",
      function (event) {
        /* A script, or an error while the app starts; a picture that is missing stops nothing. */
        if (!event.target || event.target === window || event.target.tagName === "SCRIPT") {
          mark("is-failed");
        }
      },
      true
    );
    window.addEventListener("unhandledrejection", function () {
      mark("is-failed");
    });
  }

  /* ---- service worker ---- */

  var applying = false;
  var registration = null;
  window.gridbookUpdateWaiting = false;

  function waiting() {
    window.gridbookUpdateWaiting = true;
    announce("gridbook:update");
  }

  /* Lets the waiting version take over. True when there was one. */
  window.gridbookApplyUpdate = function () {
    if (!registration || !registration.waiting) {
      return false;
    }
    applying = true;
    registration.waiting.postMessage("SKIP_WAITING");
    return true;
  };

  function watch(found) {
    registration = found;
    if (found.waiting && navigator.serviceWorker.controller) {
      waiting();
    }
    found.addEventListener("updatefound", function () {
      var worker = found.installing;
      if (!worker) {
        return;
      }
      worker.addEventListener("statechange", function () {
        if (worker.state === "installed" && navigator.serviceWorker.controller) {
          waiting();
        }
      });
    });

    /* A home-screen app may stay open for days: look for a new version when it is taken up again. */
    var last = Date.now();
    function look() {
      if (document.visibilityState === "visible" && navigator.onLine && Date.now() - last > 3600000) {
        last = Date.now();
        found.update().catch(function () {});
      }
    }
    document.addEventListener("visibilitychange", look);
    window.addEventListener("online", look);
  }

  function register() {
    if (registered || !("serviceWorker" in navigator) || !script || !script.hasAttribute("data-worker")) {
      return;
    }
    registered = true;
    var hadController = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener("controllerchange", function () {
      if (applying) {
        applying = false;
        window.location.reload();
      } else if (hadController) {
        announce("gridbook:updated");
      }
      hadController = true;
    });
    navigator.serviceWorker.register(base + "sw.js", { scope: base, updateViaCache: "none" }).then(watch, function () {
      /* No worker (private window, an embedded browser): the app works, it only needs the network to start. */
      announce("gridbook:no-worker");
    });
  }
  var registered = false;

  /* After the app's first frame, so that keeping files never slows it. */
  function whenDrawn(act) {
    var app = document.getElementById("app");
    if (app === null || isMounted()) {
      act();
      return;
    }
    var watcher = new MutationObserver(function () {
      if (isMounted()) {
        watcher.disconnect();
        act();
      }
    });
    watcher.observe(app, { childList: true });
  }
  window.addEventListener("TrunkApplicationStarted", function () {
    whenDrawn(function () {
      window.requestAnimationFrame(function () {
        window.setTimeout(register, 0);
      });
    });
  });
  window.addEventListener("load", function () {
    window.setTimeout(register, 15000);
  });

  /* ---- install prompt ---- */

  window.gridbookInstall = null;
  window.addEventListener("beforeinstallprompt", function (event) {
    event.preventDefault();
    window.gridbookInstall = event;
    announce("gridbook:installable");
  });
  window.addEventListener("appinstalled", function () {
    window.gridbookInstall = null;
    announce("gridbook:installed");
  });
})();
