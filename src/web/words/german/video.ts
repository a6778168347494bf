import type { video as English } from "../english/video.ts";

/** Chat beside a video. */
export const video: typeof English = {
  button: "Video",
  title: "Chat neben einem Video",
  label: "Chat neben einem Video",
  began: "Videobeginn",
  beganHow: "18:02:09, Tag und Uhrzeit, oder 1h02m03s für das Gezeigte",
  beganWrong: "Eine Uhrzeit wie 18:02:09, oder wie weit das Video jetzt ist, wie 1h02m03s",
  position: "Bei",
  positionHow: "Wie 1h02m03s oder 1:02:03",
  positionWrong: "So schreiben: 1h02m03s",
  play: "Weiter",
  pause: "Anhalten",
  back: "−10 s",
  forward: "+10 s",
};
