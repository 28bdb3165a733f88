// All that the pages ask of scripts. Every page works without; each element adds one thing.
import "./elements/copy-text.js";
import "./elements/elapsed-time.js";
import "./elements/layer-editor.js";
import "./elements/local-time.js";
import "./elements/number-stepper.js";
import "./elements/picture-wall.js";
import "./elements/range-value.js";
import "./elements/reference-strip.js";
import "./elements/size-fields.js";
import "./elements/studio-composer.js";
import "./elements/studio-live.js";
import "./elements/studio-notices.js";
import "./elements/theme-switch.js";
import { forgetDraftsAtSignOut } from "./lib/drafts.js";

forgetDraftsAtSignOut();
