// What every page loads: each module looks after one thing, and a page works without any of them.
import "./menu.js";
import "./person-field.js";
import "./find-field.js";
import "./shortcuts.js";
import "./theme.js";
import "./toast.js";
import "./stepper.js";
import "./dialog.js";
import "./bulk-select.js";
import "./channel-digits.js";
import "./forms.js";
import "./leaving.js";
import "./way-rows.js";
import "./print.js";
import "./slider.js";
import "./show-password.js";
import "./copy.js";
import "./offline.js";
import "./install.js";
import "./stay.js";

document.documentElement.classList.add("has-script");
