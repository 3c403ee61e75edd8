// The start page: which pages there are. Where there is a door, also a walk through them.

import { addresses } from "../lib/api.js";
import { $ } from "../lib/dom.js";
import { Words } from "../lib/i18n.js";
import { TEXTS } from "./words.js";

new Words(TEXTS).begin();
addresses().then(
  ({ door }) => {
    $("walk").hidden = !door;
  },
  () => {}, // the links are there all the same
);
