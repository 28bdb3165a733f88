// All that the pages ask of scripts. Every page works without; each element adds one thing.
import "./elements/copy-text.js";
import "./elements/elapsed-time.js";
import "./elements/key-switch.js";
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
import { sendFormsAsMe } from "./lib/csrf.js";
import { forgetDraftsAtSignOut } from "./lib/drafts.js";
import { bringEditorWhenAsked } from "./lib/editor-loader.js";
import { takeGesturesOnce } from "./lib/gestures.js";
import { followPresses } from "./lib/presses.js";

takeGesturesOnce();
followPresses();
bringEditorWhenAsked();
sendFormsAsMe();
forgetDraftsAtSignOut();
