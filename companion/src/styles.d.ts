// What Vite makes of a style sheet is nobody's value.
declare module "*.css";
