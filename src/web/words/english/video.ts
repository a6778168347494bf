/** Chat beside a video. */
export const video = {
  button: "Video",
  title: "Chat beside a video",
  label: "Chat beside a video",
  began: "Video began",
  beganHow: "18:02:09, a day and time, or 1h02m03s for what is shown",
  beganWrong: "Write a time as 18:02:09, or how far the video is now as 1h02m03s",
  position: "At",
  positionHow: "As 1h02m03s or 1:02:03",
  positionWrong: "Write it as 1h02m03s",
  play: "Go on",
  pause: "Pause",
  back: "−10 s",
  forward: "+10 s",
};
