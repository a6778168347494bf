/** What the help of commands that use threads says of them. */
export const THREADS_HELP =
  "\nLarge archives are worked on by a thread for each processor, up to four, settling from three\n" +
  "processors on; or by as many as $CHATLOOM_THREADS says, where 0 is none beside the command's own.\n";
