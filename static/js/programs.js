// The settings' pages for programs: times in the reader's zone, and a button that copies what is shown once.
import "./copying.js";
import { showClocks } from "./clock.js";

showClocks(document);
