// Every page works without this script. It brings a refused form into view.
"use strict";
(() => {
  document.querySelector("form [role=alert]")?.focus();
})();
